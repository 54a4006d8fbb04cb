//! The field's nouns as types: ids, units, dates, citations
