//! Which failure an answer, or an error inside a stream, is.
