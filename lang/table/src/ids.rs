//! Small typed integers. The checker gives them out once; later stages never see names.

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident($raw:ty);)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $raw);

        impl $name {
            /// The id as a position in its list.
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

ids! {
    /// A workload class: position in [`crate::policy::Policy::classes`].
    ClassId(u16);
    /// A provider: position in [`crate::policy::Policy::providers`].
    ProviderId(u16);
    /// A client: position in [`crate::policy::Policy::clients`].
    ClientId(u16);
    /// A pool: position in [`crate::policy::Policy::pools`].
    PoolId(u16);
    /// A model of one provider: position in [`crate::policy::Provider::models`].
    ModelId(u16);
    /// A refusal written in the policy: position in [`crate::policy::Policy::denies`].
    DenyId(u16);
    /// A condition beside the routes, which says what a ceiling, a limit or a cache is about:
    /// position in [`crate::DiagramParts::guards`].
    GuardId(u16);
    /// One arm of one route: position in [`crate::policy::Policy::arms`]. It is the leaf of the diagram.
    ArmId(u32);
    /// A cache: position in [`crate::policy::Policy::caches`].
    CacheId(u16);
    /// A list of providers: position in [`crate::policy::Policy::requested`].
    RequestedId(u16);
    /// One field of the diagram, in the order in which fields are tested.
    FieldId(u16);
    /// One atom of a field: a set of values that no condition of the policy can tell apart.
    AtomId(u16);
}
