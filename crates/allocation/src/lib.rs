//! The sealed allocation service: lists, container contents, draws
