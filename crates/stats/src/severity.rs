//! Severity bands: who moved from which band to which.

/// A table of bands at one time against bands at a later one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transitions {
    /// People by earlier band (row) and later band (column).
    pub counts: Vec<Vec<usize>>,
    /// People of each earlier band without a later assessment.
    pub missing: Vec<usize>,
}

/// How many moved which way; bands count as ordered from least to most severe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moves {
    /// To a milder band.
    pub improved: usize,
    /// To the same band.
    pub unchanged: usize,
    /// To a more severe band.
    pub worsened: usize,
    /// Not assessed later.
    pub missing: usize,
}

/// The band of a score: the number of `starts` (the lowest score of each band after the first, ascending) it reaches.
pub fn band(score: f64, starts: &[f64]) -> usize {
    starts.iter().filter(|start| score >= **start).count()
}

/// Counts people from their earlier band (from 0) and later band, if assessed; bands beyond `bands` are not counted.
pub fn transitions(bands: usize, people: impl IntoIterator<Item = (usize, Option<usize>)>) -> Transitions {
    let mut table = Transitions { counts: vec![vec![0; bands]; bands], missing: vec![0; bands] };
    for (from, to) in people {
        match (table.counts.get_mut(from), to) {
            (Some(row), Some(to)) => {
                if let Some(cell) = row.get_mut(to) {
                    *cell += 1;
                }
            }
            (Some(_), None) => table.missing[from] += 1,
            (None, _) => {}
        }
    }
    table
}

impl Transitions {
    /// People of an earlier band, assessed later or not.
    pub fn row_total(&self, from: usize) -> usize {
        self.counts.get(from).map_or(0, |row| row.iter().sum::<usize>()) + self.missing.get(from).copied().unwrap_or(0)
    }

    /// Everybody's moves.
    pub fn moves(&self) -> Moves {
        let mut moves = Moves { improved: 0, unchanged: 0, worsened: 0, missing: self.missing.iter().sum() };
        for (from, row) in self.counts.iter().enumerate() {
            for (to, count) in row.iter().enumerate() {
                match to.cmp(&from) {
                    std::cmp::Ordering::Less => moves.improved += count,
                    std::cmp::Ordering::Equal => moves.unchanged += count,
                    std::cmp::Ordering::Greater => moves.worsened += count,
                }
            }
        }
        moves
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten severe people, one of them not seen again: bands 0–10, 11–22, 23–34, 35–46, 47 and above.
    #[test]
    fn both_denominators_are_there() {
        let starts = [11.0, 23.0, 35.0, 47.0];
        let later = [
            Some(8.0),
            Some(11.0),
            Some(22.0),
            Some(23.0),
            Some(34.0),
            Some(35.0),
            Some(46.0),
            Some(47.0),
            None,
            Some(10.0),
        ];
        let table =
            transitions(5, later.iter().map(|score| (band(40.0, &starts), score.map(|score| band(score, &starts)))));
        assert_eq!(table.counts[3], [2, 2, 2, 2, 1]);
        assert_eq!((table.missing[3], table.row_total(3)), (1, 10));
        assert_eq!(table.moves(), Moves { improved: 6, unchanged: 2, worsened: 1, missing: 1 });
    }
}
