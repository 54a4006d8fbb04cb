//! Reads, checks and versions a study's files; typed expressions
