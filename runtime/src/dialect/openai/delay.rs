//! How long a provider asks to wait.
