//! The one list of diagnostics. Each has a page in `codes/`, and that page is its test.
//!
//! The hundreds group by area: 1 syntax, 2 names, 3 values and fields, 4 routes, 5 targets,
//! 6 secrets, 7 the table, 8 claims,
//! 9 guards and people.

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The policy is not built.
    Error,
    /// The policy is built; `--deny warnings` refuses it.
    Warning,
    /// The policy is built; it is only said.
    Note,
}

impl Severity {
    /// The word for it in every format.
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

macro_rules! codes {
    ($($severity:ident { $($id:ident $name:ident: $title:literal,)* })*) => {
        /// One kind of finding.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Code {
            $($(#[doc = $title] $name,)*)*
        }

        impl Code {
            /// Every code, in the order of the list.
            pub const ALL: &[Self] = &[$($(Self::$name,)*)*];

            /// Its stable name.
            pub fn id(self) -> &'static str {
                match self { $($(Self::$name => stringify!($id),)*)* }
            }

            /// What it is about, in a few words.
            pub fn title(self) -> &'static str {
                match self { $($(Self::$name => $title,)*)* }
            }

            /// How much it weighs.
            pub fn severity(self) -> Severity {
                match self { $($(Self::$name => Severity::$severity,)*)* }
            }

            /// Its page: what to avoid, what to write, and why.
            pub fn page(self) -> &'static str {
                match self {
                    $($(Self::$name => include_str!(concat!("../codes/", stringify!($id), ".md")),)*)*
                }
            }
        }
    };
}

codes! {
    Error {
        C0101 Unexpected: "something stands where it cannot stand",
        C0102 Unclosed: "a block is not closed",
        C0103 StrayClose: "a closing brace closes nothing",
        C0104 OpenText: "a text is not closed",
        C0105 BadCharacter: "a character that the language does not use",
        C0106 HiddenCharacter: "an invisible character that changes how text is read",
        C0107 TooDeep: "brackets are nested too deep",
        C0108 TooBig: "the policy is too big",
        C0109 DanglingComma: "a comma with nothing after it",
        C0110 Colon: "a colon between a field and its value",
        C0111 ForeignOperator: "an operator of another language",
        C0112 YamlItem: "a list written with dashes",
        C0113 Priority: "a priority number",
        C0114 EqualsSign: "an equals sign outside `let`",
        C0115 ThousandsComma: "a comma inside a number",
        C0116 BadEscape: "an unknown escape in a text",
        C0117 NotYet: "a construct that is not in this version",
        C0118 UnknownKeyword: "an unknown declaration",
        C0119 NoBlock: "a declaration without its braces",
        C0120 UnclosedParen: "a parenthesis is not closed",

        C0201 UnknownName: "a name that nothing declares",
        C0202 UnknownFact: "a condition asks for an unknown fact",
        C0203 UnknownModel: "a model that its provider does not list",
        C0204 Duplicate: "a name declared twice",
        C0205 Reserved: "a reserved word used as a name",
        C0206 WrongKind: "a name of another kind",
        C0207 Cycle: "names that lead back to themselves",
        C0208 Nameless: "a declaration without a name",
        C0209 OnlyOnce: "a declaration that may stand only once",
        C0210 Missing: "a policy lacks a declaration",

        C0301 UnknownField: "an unknown field",
        C0302 FieldMissing: "a required field is missing",
        C0303 FieldTwice: "a field given twice",
        C0304 NoUnit: "a number without its unit",
        C0305 WrongUnit: "a number with the wrong unit",
        C0306 MinutesOrMillions: "`m` and `M` mixed up",
        C0307 OutOfRange: "a value out of range",
        C0308 WrongValue: "a value of the wrong kind",
        C0309 WrongOperator: "an operator that does not fit the fact",
        C0310 UnknownWord: "a word that this place does not know",
        C0311 WildPattern: "a pattern with too many stars",
        C0312 BadUrl: "an address that cannot be used",
        C0313 NeverEqual: "a value that the fact never has",
    }
    Warning {
        C0314 StarInText: "a star where nothing is a pattern",
    }
    Error {
        C0315 TooLarge: "more of something than a table can hold",
        C0316 BadPointer: "a JSON pointer that cannot be asked for",
        C0317 UnknownZone: "a time zone that there is not",
    }
    Warning {
        C0318 NoEffect: "a value that changes nothing",
        C0319 ListedTwice: "a value that its list has already",
        C0320 ApiInUrl: "an address with the path of its API",
    }
    Error {
        C0401 NoOtherwise: "a route without `otherwise`",
        C0402 OtherwiseNotLast: "arms after `otherwise`",
        C0403 Shadowed: "an arm that no request can reach",
        C0404 AlwaysFalse: "a condition that no request meets",
        C0407 ArmsMeet: "two arms of an exclusive route that one request meets",
    }
    Warning {
        C0405 AlwaysTrue: "a condition that every request meets",
        C0406 DenyReadAsBadKey: "a refusal that clients read as a bad key",
        C0409 ArmRedundant: "an arm that could be left out",
        C0211 Unused: "a name that nothing uses",
    }
    Error {
        C0501 TargetTwice: "a target listed twice",
        C0502 TagLacking: "a target that lacks a tag its class requires",
        C0503 SharesNotWhole: "shares of a pool that are not 100 %",
        C0504 NoneCapable: "an arm whose requests no target can carry",
        C0505 TargetUnused: "a listed target that is never used",
    }
    Warning {
        C0506 OneProvider: "a class whose targets are all at one provider",
        C0507 NoCapableFallback: "a request that no fallback can carry",
        C0511 PriceLacks: "a price that leaves out what is charged",
        C0521 ModelEnds: "a model that is shut down, or soon will be",
        C0522 CatalogOld: "a catalog that is old",
    }
    Error {
        C0601 KeyInTheClear: "a key sent over plain http",
        C0602 LiteralKey: "a key written into the policy",
    }
    Warning {
        C0603 WebhookNoKey: "a webhook without a key",
    }
    Error {
        C0604 CallerKeySpread: "a caller's key that could reach a second provider",
        C0605 AlwaysClosed: "`fail open` where it is not allowed",

        C0701 OverBudget: "a policy that does not fit the table's budget",

        C0801 NeverBroken: "a `never` that some request breaks",
        C0802 NeverUnknown: "a `never` about a cost that is not known",

        C0811 CeilingUnpriced: "a model under a ceiling whose cost is not known",
        C0812 CeilingTooLow: "a ceiling below the cheapest request",
    }
    Warning {
        C0813 CeilingIdle: "a ceiling that no request can reach",
        C0814 CeilingStays: "a class under the ceiling that leads to it",
    }
    Error {
        C0905 ClientTwice: "a caller that would be two clients",
        C0906 AuthUseless: "an `auth` that excuses nobody",
        C0907 TestFailed: "a test of the policy fails",
    }
    Warning {
        C0901 ArmForbidden: "an arm whose requests are all refused by guards",
        C0903 NotUnused: "an `unused` about a name that something uses",
        C0904 AcceptedInVain: "an `accept` of a warning that is not there",
        C0909 AbsentSlips: "a guard that a missing field slips past",
    }
    Note {
        C0408 OrderCounts: "two arms that one request meets, and whose order decides",
        C0902 GuardIdle: "a guard that refuses no request",
        C0908 Uncovered: "an arm in which no test ends",
    }
}

impl Code {
    /// The code with this stable name, whatever its case.
    pub fn named(id: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|code| code.id().eq_ignore_ascii_case(id))
    }
}
