//! One administration with every answer read and checked, in the instrument's item order. What scoring looks at.

use crate::{
    instrument::{Answers, Code, Instrument, Item},
    pack::FormPack,
    reading::{Cell, Moment, read},
    responses::{Responses, TraumaRelated},
    settings::Settings,
    unscorable::{Fault, Unscorable, nearest},
};
use std::collections::BTreeMap;
use terms::{Decimal, MissingReason, Value};

/// All answers of one form, read.
#[derive(Debug)]
pub struct Sheet<'a> {
    /// The items, in order.
    pub(crate) items: &'static [Item],
    /// What stands beside the answers.
    pub(crate) responses: &'a Responses,
    /// Cut values.
    pub(crate) settings: &'a Settings,
    /// The licensed key and norms, where loaded.
    pub(crate) pack: Option<&'a FormPack>,
    cells: Vec<Cell>,
    /// Answers to items in free text, by the item.
    texts: Vec<(&'static str, &'a Value)>,
}

/// One answer with its item's key.
pub(crate) type Given<'a> = (&'a str, &'a Value);

impl<'a> Sheet<'a> {
    /// Reads every answer; all faults at once. `answers` come first, then those among the responses.
    pub(crate) fn read(
        instrument: &Instrument,
        answers: &mut dyn Iterator<Item = Given<'a>>,
        responses: &'a Responses,
        settings: &'a Settings,
        pack: Option<&'a FormPack>,
    ) -> Result<Self, Vec<Unscorable>> {
        let items = instrument.items;
        let mut wrong = Vec::new();
        let mut cells = vec![Cell::Missing(None); items.len()];
        let mut texts = Vec::new();
        let beside = responses.answers.iter().map(|(key, value)| (key.as_str(), value));
        for (key, value) in answers.chain(beside) {
            match instrument
                .item_position(key)
                .and_then(|position| Some((items.get(position)?, cells.get_mut(position)?)))
            {
                None => wrong.push(unknown_item(instrument, key)),
                Some((item, cell)) => match read(key, item, value) {
                    Ok(read) if matches!(*cell, Cell::Missing(None)) => {
                        if matches!(item.answers, Answers::Text) {
                            texts.push((item.id, value));
                        }
                        *cell = read;
                    }
                    Ok(_) => wrong.push(twice(item.id)),
                    Err(fault) => wrong.push(*fault),
                },
            }
        }
        for (key, rows) in &responses.rows {
            match instrument
                .item_position(key)
                .and_then(|position| Some((items.get(position)?, cells.get_mut(position)?)))
            {
                Some((Item { answers: Answers::Rows(fields), .. }, cell)) => {
                    *cell = Cell::Rows(
                        rows.iter().enumerate().map(|(n, row)| read_row(key, n, fields, row, &mut wrong)).collect(),
                    );
                }
                Some((item, _)) => wrong.push(Unscorable::new(
                    key,
                    Fault::WrongType,
                    "rows",
                    item.answers.allowed(),
                    "give one answer, not rows",
                )),
                None => wrong.push(unknown_item(instrument, key)),
            }
        }
        check_variant(instrument, responses, &mut wrong);
        let sheet = Self { items, responses, settings, pack, cells, texts };
        sheet.finished(instrument, wrong)
    }

    /// Reads whole-number answers in item order; those beyond the end of the slice are missing.
    pub(crate) fn read_numbers(
        instrument: &Instrument,
        answers: &[Option<i64>],
        responses: &'a Responses,
        settings: &'a Settings,
    ) -> Result<Self, Vec<Unscorable>> {
        let items = instrument.items;
        let mut wrong = Vec::new();
        if answers.len() > items.len() {
            let needed = format!("at most {}", items.len());
            wrong.push(Unscorable::new(
                "answers",
                Fault::UnknownItem,
                answers.len(),
                needed,
                "drop those beyond the last item",
            ));
        }
        let mut cells = Vec::with_capacity(items.len());
        for (position, item) in items.iter().enumerate() {
            cells.push(match answers.get(position).copied().flatten() {
                None => Cell::Missing(None),
                Some(number) => read_numeric(item, number).unwrap_or_else(|fault| {
                    wrong.push(*fault);
                    Cell::Missing(None)
                }),
            });
        }
        let sheet = Self { items, responses, settings, pack: None, cells, texts: Vec::new() };
        sheet.finished(instrument, wrong)
    }

    fn finished(self, instrument: &Instrument, mut wrong: Vec<Unscorable>) -> Result<Self, Vec<Unscorable>> {
        // Contradictions are sought only among answers that could each be read.
        if wrong.is_empty()
            && let Some(check) = instrument.check
        {
            check(&self, &mut wrong);
        }
        if wrong.is_empty() { Ok(self) } else { Err(wrong) }
    }

    /// The position of the item with this id.
    pub(crate) fn at(&self, id: &str) -> usize {
        self.items.iter().position(|item| item.id == id).unwrap_or(usize::MAX)
    }

    fn cell(&self, position: usize) -> &Cell {
        self.cells.get(position).unwrap_or(&Cell::Missing(None))
    }

    /// The points of a scored item.
    pub(crate) fn points(&self, position: usize) -> Option<i64> {
        match self.cell(position) {
            Cell::Number(number) => Some(number.trunc()),
            Cell::YesNo(answer) => Some(i64::from(*answer)),
            Cell::Missing(_)
            | Cell::Code(_)
            | Cell::Codes(_)
            | Cell::Minutes(_)
            | Cell::Moment(_)
            | Cell::Text
            | Cell::Rows(_) => None,
        }
    }

    /// `min + max − points`.
    pub(crate) fn turned(&self, position: usize, points: i64) -> i64 {
        let (min, max) = self.items.get(position).map_or((0, 0), Item::points_range);
        min + max - points
    }

    /// The points of the item with this id.
    pub(crate) fn whole(&self, id: &str) -> Option<i64> {
        self.points(self.at(id))
    }

    /// The number of the item with this id.
    pub(crate) fn number(&self, id: &str) -> Option<Decimal> {
        cell_number(self.cell(self.at(id)))
    }

    /// Yes or no of the item with this id; a count is yes when above zero.
    pub(crate) fn yes_no(&self, id: &str) -> Option<bool> {
        self.yes_no_at(self.at(id))
    }

    /// Yes or no of the item at this position; a count is yes when above zero.
    pub(crate) fn yes_no_at(&self, position: usize) -> Option<bool> {
        match self.cell(position) {
            Cell::YesNo(answer) => Some(*answer),
            Cell::Number(number) => Some(*number > Decimal::ZERO),
            Cell::Missing(_)
            | Cell::Code(_)
            | Cell::Codes(_)
            | Cell::Minutes(_)
            | Cell::Moment(_)
            | Cell::Text
            | Cell::Rows(_) => None,
        }
    }

    /// The code of the item with this id.
    pub(crate) fn code(&self, id: &str) -> Option<&'static str> {
        let position = self.at(id);
        cell_code(self.items.get(position)?, self.cell(position))
    }

    /// The codes of the item at this position, as bits, with their list.
    pub(crate) fn codes(&self, position: usize) -> Option<(u64, &'static [Code])> {
        match (self.items.get(position)?.answers, self.cell(position)) {
            (Answers::Codes(codes), Cell::Codes(bits)) => Some((*bits, codes)),
            _ => None,
        }
    }

    /// Minutes after midnight of the item with this id.
    pub(crate) fn minutes(&self, id: &str) -> Option<i64> {
        if let Cell::Minutes(minutes) = self.cell(self.at(id)) { Some(*minutes) } else { None }
    }

    /// The day of the item with this id.
    pub(crate) fn moment(&self, id: &str) -> Option<Moment> {
        if let Cell::Moment(moment) = self.cell(self.at(id)) { Some(*moment) } else { None }
    }

    /// The rows of the item with this id.
    pub(crate) fn rows(&self, id: &str) -> Option<&[Vec<Cell>]> {
        if let Cell::Rows(rows) = self.cell(self.at(id)) { Some(rows) } else { None }
    }

    /// Whether there is any answer at this position.
    pub(crate) fn answered(&self, position: usize) -> bool {
        !matches!(self.cell(position), Cell::Missing(_))
    }

    /// What was answered to an item in free text.
    pub(crate) fn text(&self, id: &str) -> Option<&'a Value> {
        self.texts.iter().find(|(item, _)| *item == id).map(|(_, value)| *value)
    }

    /// The reason for missing of the item with this id, where one was given.
    pub(crate) fn reason(&self, id: &str) -> Option<MissingReason> {
        if let Cell::Missing(reason) = self.cell(self.at(id)) { *reason } else { None }
    }

    /// The trauma-relatedness rating of an item.
    pub(crate) fn trauma_related(&self, id: &str) -> Option<TraumaRelated> {
        self.responses.trauma_related.get(id).copied()
    }

    /// The variant of the form: the one given, or the usual one.
    pub(crate) fn variant(&self, usual: &'static str) -> &str {
        self.responses.variant.as_deref().unwrap_or(usual)
    }
}

/// The number of a cell.
pub(crate) fn cell_number(cell: &Cell) -> Option<Decimal> {
    if let Cell::Number(number) = cell { Some(*number) } else { None }
}

/// The code of a cell.
pub(crate) fn cell_code(item: &Item, cell: &Cell) -> Option<&'static str> {
    match (item.answers, cell) {
        (Answers::Code(codes), Cell::Code(position)) => codes.get(*position).map(|code| code.code),
        _ => None,
    }
}

/// Reads a whole number without going through a value: the quick way for plain scales.
fn read_numeric(item: &Item, number: i64) -> Result<Cell, Box<Unscorable>> {
    match item.answers {
        Answers::Whole { min, max, step } if number >= min && number <= max && (number - min) % step == 0 => {
            Ok(Cell::Number(Decimal::whole(number)))
        }
        // Coded answers are given by their place in the list, the first being 0.
        Answers::Code(codes) => match usize::try_from(number) {
            Ok(place) if place < codes.len() => Ok(Cell::Code(place)),
            _ => Err(Box::new(Unscorable::new(
                &format!("item {}", item.id),
                Fault::OutOfRange,
                number,
                format!("a place from 0 to {} among {}", codes.len().saturating_sub(1), item.answers.allowed()),
                "give the answer's place in the list",
            ))),
        },
        Answers::Whole { .. }
        | Answers::OneOf(_)
        | Answers::Number { .. }
        | Answers::YesNo
        | Answers::Count { .. }
        | Answers::Graded(_)
        | Answers::Codes(_)
        | Answers::Time
        | Answers::Moment
        | Answers::Text
        | Answers::Rows(_) => read(item.id, item, &Value::Integer(number)),
    }
}

fn read_row(
    key: &str,
    n: usize,
    fields: &'static [Item],
    row: &BTreeMap<String, Value>,
    wrong: &mut Vec<Unscorable>,
) -> Vec<Cell> {
    let mut cells = vec![Cell::Missing(None); fields.len()];
    for (name, value) in row {
        let place = format!("{key}[{}].{name}", n + 1);
        match crate::instrument::position(fields, name) {
            Some(position) => match fields.get(position).map(|field| read(&place, field, value)) {
                Some(Ok(cell)) => {
                    if let Some(slot) = cells.get_mut(position) {
                        *slot = cell;
                    }
                }
                Some(Err(fault)) => wrong.push(*fault),
                None => {}
            },
            None => {
                let names = fields.iter().map(|field| field.id);
                wrong.push(Unscorable::new(
                    &place,
                    Fault::UnknownItem,
                    name,
                    names.clone().collect::<Vec<_>>().join(", "),
                    nearest(name, names).map_or_else(|| "drop it".to_owned(), |near| format!("did you mean {near}?")),
                ));
            }
        }
    }
    cells
}

fn twice(id: &str) -> Unscorable {
    Unscorable::new(&format!("item {id}"), Fault::Twice, "two answers", "one answer", "keep the right one")
}

/// An answer to an item that the instrument has not.
pub(crate) fn unknown_item(instrument: &Instrument, key: &str) -> Unscorable {
    let ids: Vec<&str> = instrument.items.iter().map(|item| item.id).collect();
    let mend = match nearest(key, ids.iter().copied()) {
        Some(id) if !key.bytes().all(|byte| byte.is_ascii_digit()) => format!("did you mean {id}?"),
        _ => "check the number against the form".to_owned(),
    };
    let needed = match ids.as_slice() {
        [first, .., last] if ids.len() > 40 => format!("an item of {}: {first} … {last}", instrument.name),
        _ => format!("an item of {}: {}", instrument.name, ids.join(", ")),
    };
    Unscorable::new(&format!("item {key}"), Fault::UnknownItem, format!("\"{key}\""), needed, mend)
}

fn check_variant(instrument: &Instrument, responses: &Responses, wrong: &mut Vec<Unscorable>) {
    let Some(variant) = &responses.variant else { return };
    if !instrument.variants.contains(&variant.as_str()) {
        let needed = if instrument.variants.is_empty() {
            format!("no version: {} has one form only", instrument.name)
        } else {
            format!("one of {}", instrument.variants.join(", "))
        };
        wrong.push(Unscorable::new(
            "version",
            Fault::OutOfRange,
            format!("\"{variant}\""),
            needed,
            "name the form that was used",
        ));
    }
}
