//! Two sessions at once: two participants in two rooms, their containers out of the same safe.

use super::dose::ready;
use crate::{
    moves::{Move, Service},
    search::World,
    stage::{SECOND, Stage, Why},
};
use conduct::command::{DosePart, Going};
use terms::ContainerId;

pub(super) fn two(stage: &Stage) -> Result<World, Why> {
    let (mut builder, first) = ready(stage, 1)?;
    let second = builder.participant(SECOND)?;
    builder.booked(&second, 1)?;
    builder.ordered(&second, 1)?;
    builder.checked(&second, 1)?;
    builder.must(&stage.reading(&second, 1, &[]))?;
    let out =
        |builder: &crate::stage::Builder<'_>, part: DosePart| super::bedside::released(&first, 1, part)(&builder.state);
    let initial = out(&builder, DosePart::Initial).ok_or("nothing was released")?;
    let supplement = out(&builder, DosePart::Supplement);
    builder.must(&stage.release(&second, 1))?;
    builder.must(&stage.presence(&second, 1, &stage.staff.nurse, Going::In))?;
    builder.must(&stage.presence(&second, 1, &stage.staff.prescriber, Going::In))?;
    let theirs =
        super::bedside::released(&second, 1, DosePart::Initial)(&builder.state).ok_or("nothing was released")?;
    let staff = &stage.staff;
    let pieces = stage.pieces(1, DosePart::Initial);
    let moves = vec![
        stage.allow(&first, 1, &staff.lead).with(&staff.co),
        stage.allow(&second, 1, &staff.lead).with(&staff.co),
        stage.allow(&second, 1, &staff.nurse).with(&staff.prescriber),
        stage.allow_from(&first, 1, &theirs),
        stage.allow_from(&second, 1, &initial),
        stage.allow_from(&first, 1, &supplement.clone().unwrap_or_else(|| ContainerId::from("K00B"))),
        stage.swallow(&first, 1, DosePart::Initial, pieces).with(&staff.co),
        stage.swallow(&second, 1, DosePart::Initial, pieces).with(&staff.co),
        stage.swallow_from(&first, 1, DosePart::Initial, &theirs),
        stage.swallow_from(&second, 1, DosePart::Initial, &initial),
        stage.release(&second, 1).service(Service::These(initial, supplement)),
        stage.put_back(&first, 1, DosePart::Initial),
        stage.put_back(&second, 1, DosePart::Initial),
        stage.presence(&second, 1, &staff.lead, Going::In),
        stage.presence(&second, 1, &staff.co, Going::In),
        stage.presence(&first, 1, &staff.lead, Going::Out),
        stage.withdraw_order(&second, 1),
        stage.stop_session(&first, 1),
        Move::wait(5),
    ];
    Ok(World {
        name: "two sessions",
        about: "two participants in two rooms, both ready, both with containers out",
        setting: builder.stage.setting.clone(),
        start: builder.state,
        moves,
        quick: 3,
    })
}
