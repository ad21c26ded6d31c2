//! How much a policy may ask of the compiler. There is no clock here: work is counted, so the same
//! policy always gets the same answer.

/// A bound that a policy ran into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Budget {
    /// Different facts that conditions ask about.
    Facts,
    /// Atoms of one fact, or pairs of its prefixes and suffixes.
    Atoms,
    /// Routes that lead to routes.
    RouteDepth,
    /// Nodes made while building.
    Nodes,
    /// Edges made while building.
    Edges,
    /// Steps of building.
    Steps,
    /// Boxes, where the diagram is too large.
    Boxes,
    /// Bytes of the finished table.
    TableBytes,
}

impl Budget {
    /// The bound itself.
    pub fn limit(self) -> usize {
        match self {
            Self::Facts => 512,
            Self::Atoms | Self::Boxes => 1 << 16,
            Self::RouteDepth => 64,
            Self::Nodes => 1 << 20,
            Self::Edges => 1 << 22,
            Self::Steps => 1 << 27,
            Self::TableBytes => 8 << 20,
        }
    }

    /// The same with a bound that may be lower still.
    pub(crate) fn admits_of(self, amount: usize, bound: usize) -> Result<(), TooLarge> {
        if amount <= bound {
            self.admits(amount)
        } else {
            Err(TooLarge { budget: self })
        }
    }

    /// Nothing if the amount is within the bound.
    pub(crate) fn admits(self, amount: usize) -> Result<(), TooLarge> {
        if amount <= self.limit() {
            Ok(())
        } else {
            Err(TooLarge { budget: self })
        }
    }
}

/// A policy whose decision does not fit into a budget of the compiler.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the policy needs more than {} {}: {}", budget.limit(), budget.noun(), budget.help())]
pub struct TooLarge {
    /// Which one.
    pub budget: Budget,
}

impl Budget {
    fn noun(self) -> &'static str {
        match self {
            Self::Facts => "different facts",
            Self::Atoms => "atoms for one fact",
            Self::RouteDepth => "routes one inside the other",
            Self::Nodes => "diagram nodes",
            Self::Edges => "diagram edges",
            Self::Steps => "steps to build its diagram",
            Self::Boxes => "boxes for its arms",
            Self::TableBytes => "bytes of table",
        }
    }

    fn help(self) -> &'static str {
        match self {
            Self::Facts => "ask fewer headers and query parameters",
            Self::Atoms => "use fewer prefixes and suffixes on one fact",
            Self::RouteDepth => "join routes that only lead on",
            Self::Nodes | Self::Edges | Self::Steps | Self::Boxes | Self::TableBytes => {
                "put arms that ask the same facts together, or into a route of their own"
            }
        }
    }
}
