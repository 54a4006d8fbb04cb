//! Erasing who somebody is: rights, and what stands in their way.

use crate::{
    moves::Move,
    search::World,
    stage::{Builder, FIRST, Stage, Why},
};
use conduct::{Authorisation, Command, command::StopScope};

pub(super) fn erasing(stage: &Stage) -> Result<World, Why> {
    let mut builder = Builder::open(stage)?;
    let person = builder.participant(FIRST)?;
    let act = Authorisation::EraseIdentity { participant: person.clone() };
    let erase = || Move::ask(&stage.staff.coordinator, "erases who they are", Command::Authorise(act.clone()));
    let mut moves = vec![
        erase().signed().because("asked by letter"),
        erase().because("asked by letter"),
        erase().signed(),
        stage.tasks_done(&person),
        Move::wait(24 * 60),
    ];
    moves.extend(stage.alarm(&person));
    moves.extend(stage.stop(&person, StopScope::Consent));
    moves.extend(stage.stop(&person, StopScope::Treatment));
    Ok(World {
        name: "erasure",
        about: "assigned, and asks to be forgotten",
        setting: builder.stage.setting.clone(),
        start: builder.state,
        moves,
        quick: 4,
    })
}
