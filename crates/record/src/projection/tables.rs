//! The current tables, defined once: SQL, data dictionary and comparison all come from here.
//!
//! Everything in them follows from the log. They hold codes and no names, handles and no arms. Days are the site's
//! calendar days; instants are UTC. Enumerations are spelled as in the commands (`screen_failed`).

use crate::table::{Column, Kind, Table};

macro_rules! tables {
    ($(
        #[doc = $means:literal]
        $constant:ident = $name:literal key $key:literal index [$($index:literal),*] {
            $($column:ident $kind:ident $column_means:literal;)+
        }
    )+) => {
        $(
            #[doc = $means]
            pub static $constant: Table = Table {
                name: $name,
                // A doc comment begins with the space after its slashes.
                means: $means.trim_ascii(),
                columns: &[$(Column { name: stringify!($column), kind: Kind::$kind, means: $column_means }),+],
                key: $key,
                indexes: &[$($index),*],
            };
        )+
        /// Every current table.
        pub static TABLES: &[&Table] = &[$(&$constant),+];
    };
}

tables! {
    /// a participant as they stand
    PARTICIPANT = "participant" key 1 index ["site, participant", "site, phase, participant", "phase, participant"] {
        participant Text "code; never a name";
        site Text "where they belong";
        phase Text "how far they have come";
        attempt Integer "screening attempts, from 1";
        study Text "hash of the study version that they are on";
        language Text "language to speak";
        enquired_on Date "day of the enquiry";
        consented_on Date "first day of a consent that can carry study acts";
        enrolled_on Date "day on which the first gate was passed";
        confirmed_on Date "day on which the second gate was passed";
        assigned_on Date "day on which an arm was assigned; which one is not known here";
        first_dose_on Date "day of the first dose";
        last_dose_on Date "day of the last first dose of a session";
        doses Integer "sessions with a dose";
        stop_scope Text "how far the last stop goes";
        stop_reason Text "reason code of the last stop";
        stopped_on Date "day of the last stop";
        code_broken_at Instant "when the allocation was opened in an emergency";
        next_visit Text "the next appointment's visit";
        next_visit_at Instant "the next appointment";
        tasks_open Integer "tasks not yet done";
        questions_open Integer "questions not yet answered";
        adverse_events Integer "adverse events that are not struck";
        serious_adverse_events Integer "serious ones among them";
        deviations Integer "protocol deviations";
        important_deviations Integer "important ones among them";
        entries Integer "entries in the participant's stream";
    }
    /// how many participants of a site are in a phase
    PHASE_COUNT = "phase_count" key 2 index [] {
        site Text "site";
        phase Text "phase";
        participants Integer "how many";
    }
    /// how many participants of a site have passed a milestone
    MILESTONE_COUNT = "milestone_count" key 2 index [] {
        site Text "site";
        milestone Text "enquired, consented, enrolled, confirmed, assigned, first_dose, screen_failed, stopped";
        participants Integer "how many";
    }
    /// how many participants of a site passed a milestone on a day
    MILESTONE_DAY = "milestone_day" key 3 index ["milestone, day"] {
        site Text "site";
        milestone Text "as in milestone_count";
        day Date "the site's day";
        participants Integer "how many";
    }
    /// a visit that something is known of
    VISIT = "visit" key 2 index ["site, booked_at"] {
        participant Text "code";
        visit Text "visit of the schedule";
        site Text "where the participant belongs";
        standing Text "planned, attended, completed, missed";
        booked_at Instant "the appointment in force";
        booked_on Date "its day";
        mode Text "how it is to be held";
        held_on Date "day on which it happened; for a missed one, the planned day that stands in";
        times Integer "days on which it happened";
        no_shows Integer "times that nobody came";
    }
    /// a visit as it was held, with the window that it had then
    ATTENDANCE = "attendance" key 2 index [] {
        participant Text "code";
        version Integer "place of the entry in the participant's stream";
        visit Text "visit";
        day Date "day on which it happened";
        mode Text "how it was held";
        anchor_on Date "day that the window is counted from";
        window_from Date "first day of the window";
        window_until Date "last day of the window";
        recorded_at Instant "when it was written down";
    }
    /// something due for a participant
    DUE = "due" key 2 index ["site, duty, closes, participant, item", "duty, closes, participant, item", "closes, participant, item"] {
        participant Text "code";
        item Text "unique within the participant";
        site Text "where the participant belongs";
        kind Text "what kind of thing";
        title Text "what to do";
        duty Text "who is to do it";
        opens Date "first day on which it can be done";
        target Date "best day";
        closes Date "last day; overdue after it; the far future where there is none";
        starts_at Instant "the appointment, or the moment until which a task must be done";
        visit Text "visit";
        instance Text "record";
        place Integer "place in the participant's own list";
    }
    /// a form as it stands after corrections
    FORM = "form" key 2 index ["form, participant"] {
        participant Text "code";
        instance Text "the record";
        form Text "which form";
        visit Text "at which visit";
        day Date "the site's day";
        happened_at Instant "when it was filled in";
        filled_by Text "by whom";
        role Text "in which role";
        corrections Integer "times corrected";
        struck Flag "struck through: made by mistake or for somebody else";
    }
    /// an answer on a form as it stands
    ANSWER = "answer" key 3 index [] {
        participant Text "code";
        instance Text "the form's record";
        field Text "field, or item of an instrument";
        value Text "the answer; for a missing one, nothing";
        number Decimal "the answer as a number, where it is one";
        missing Text "why there is no answer";
    }
    /// a score or decision computed from a form's answers
    SCORE = "score" key 3 index [] {
        participant Text "code";
        instance Text "the form's record";
        score Text "which score";
        value Text "its value; nothing where it can't be computed";
        number Decimal "its value as a number, where it is one";
        method Text "complete, prorated, not_scorable";
        band Text "severity band";
    }
    /// a change to an answer; what stood there before stays visible
    CORRECTION = "correction" key 4 index [] {
        participant Text "code";
        instance Text "the form's record";
        number Integer "which correction of the form, from 1";
        field Text "field";
        was Text "what stood there";
        becomes Text "what stands there now";
        reason Text "why";
        corrected_by Text "by whom";
        recorded_at Instant "when";
    }
    /// a consent as it was given
    CONSENT = "consent" key 2 index [] {
        participant Text "code";
        instance Text "the record";
        version Text "version of the text";
        text_sha256 Text "hash of the text";
        valid Flag "it can carry study acts";
        why_not Text "why it can't";
        quiz_score Integer "right answers to the comprehension questions";
        quiz_pass Integer "right answers needed";
        copy_given Flag "a signed copy was given";
        day Date "the site's day";
        taken_by Text "by whom";
        recorded_at Instant "when it was written down";
    }
    /// a decision at a gate
    GATE_DECISION = "gate_decision" key 2 index [] {
        participant Text "code";
        version Integer "place of the entry in the participant's stream";
        gate Integer "which gate";
        passed Flag "passed or not";
        reason Text "why not";
        expires_on Date "last day on which it carries a dose";
        day Date "the site's day";
        decided_by Text "by whom";
        recorded_at Instant "when it was written down";
    }
    /// a criterion as it was found at a decision
    CRITERION = "criterion" key 3 index [] {
        participant Text "code";
        version Integer "the decision's place in the participant's stream";
        criterion Text "which";
        answer Text "met, not_met, unknown";
        evidence Text "what it was read from";
    }
    /// a medicine
    MEDICATION = "medication" key 2 index [] {
        participant Text "code";
        instance Text "the record";
        name Text "generic name";
        dose Text "dose in words";
        indication Text "what for";
        class Text "class in the study";
        rule Text "washout, rescue, stable, allowed, unclassified";
        started_on Date "first day";
        taper_started_on Date "first day of the taper";
        last_dose_on Date "day of the last dose; nothing while it goes on";
        washout_complete_on Date "day on which its washout is complete";
        rescue Flag "taken as rescue";
        happened_at Instant "when it was last written about";
        struck Flag "struck through";
    }
    /// an adverse event
    ADVERSE_EVENT = "adverse_event" key 2 index ["happened_at"] {
        participant Text "code";
        instance Text "the record";
        term Text "in the reporter's words";
        onset_on Date "first day";
        ended_on Date "last day; nothing while it goes on";
        severity Text "mild, moderate, severe";
        serious Text "grounds of seriousness, with commas; empty if not serious";
        related Text "causality";
        session Integer "session after which it came";
        valence Text "how it was for the participant";
        special_interest Text "of special interest: which kind";
        outcome Text "what became of it";
        emergent Flag "came at or after the first dose";
        happened_at Instant "when it was first written down";
        struck Flag "struck through";
    }
    /// a protocol deviation
    DEVIATION = "deviation" key 2 index ["class, day"] {
        participant Text "code";
        instance Text "the record";
        code Text "code in the study";
        title Text "title in the study";
        class Text "minor, important";
        cause Text "what brought it about";
        detail Text "in words";
        visit Text "visit";
        day Date "the site's day";
    }
    /// a task
    TASK = "task" key 2 index [] {
        participant Text "code";
        instance Text "the record";
        title Text "what must be done";
        duty Text "who must act";
        due_at Instant "until when";
        cause Text "what brought it about";
        clock Text "the study's clock that it runs on";
        about Text "the record it is about";
        since_at Instant "since when";
        done_at Instant "when it was done";
    }
    /// a question that an edit check raised
    QUESTION = "question" key 2 index [] {
        participant Text "code";
        instance Text "the record";
        about Text "the form's record";
        edit_check Text "the check";
        message Text "the question";
        answered Flag "answered by a correction or in words";
    }
    /// a note
    NOTE = "note" key 2 index [] {
        participant Text "code";
        instance Text "the record";
        words Text "the words";
        written_by Text "by whom";
        role Text "in which role";
        happened_at Instant "when";
        struck Flag "struck through";
    }
    /// a document by its hash
    ATTACHMENT = "attachment" key 2 index [] {
        participant Text "code";
        instance Text "the record";
        kind Text "consent, ecg, laboratory, other";
        name Text "file name";
        sha256 Text "hash of the bytes";
        bytes Integer "size";
        happened_at Instant "when";
        struck Flag "struck through";
    }
    /// a try to reach a participant
    CONTACT = "contact" key 2 index [] {
        participant Text "code";
        version Integer "place of the entry in the participant's stream";
        visit Text "for which visit";
        outcome Text "how it ended";
        route Text "telephone, message, email, letter, contact_person, in_person";
        day Date "the site's day";
        tried_by Text "by whom";
        recorded_at Instant "when it was written down";
    }
    /// a stop: of treatment or of more
    STOP = "stop" key 2 index [] {
        participant Text "code";
        version Integer "place of the entry in the participant's stream";
        scope Text "how far it goes";
        reason Text "reason code";
        words Text "in words";
        day Date "the site's day";
        recorded_by Text "by whom";
        recorded_at Instant "when it was written down";
    }
    /// a rating that was asked for; raters see request and pseudonym alone
    RATING = "rating" key 1 index ["done, requested_at", "rater, done", "participant"] {
        request Text "the opaque request";
        participant Text "code; never shown to a rater";
        visit Text "for which visit; never shown to a rater";
        pseudonym Text "what the rater sees instead of the code";
        forms Text "forms to fill in, with commas";
        rater Text "who took it";
        done Flag "filled in or given up";
        requested_at Instant "when it was asked for";
    }
    /// a dosing session as it stands
    DOSING_SESSION = "dosing_session" key 2 index ["dosed_at"] {
        participant Text "code";
        session Integer "number, from 1";
        level Text "level ordered";
        initial_mg Decimal "first dose ordered";
        supplement_mg Decimal "supplement ordered";
        ordered_by Text "by whom";
        ordered_at Instant "when the order was signed";
        initial_container Text "container of the first dose";
        supplement_container Text "container of the supplement";
        released_at Instant "when they were taken out of the safe";
        dosed_at Instant "when the first dose was swallowed";
        supplement_at Instant "when the supplement was swallowed";
        supplement_not_given Text "why it was not given";
        stopped_at Instant "when the session was stopped";
        discharged_at Instant "when leaving was allowed";
        departed_at Instant "when the participant left";
        departed_to Text "where to";
        closed_at Instant "when the record was closed";
        ground_withdrawn Flag "the ground of something allowed is gone";
    }
    /// something swallowed
    DOSE = "dose" key 2 index [] {
        participant Text "code";
        version Integer "place of the entry in the participant's stream";
        session Integer "session";
        part Text "initial, supplement";
        container Text "from which container";
        amount_mg Decimal "how much, by the label";
        pieces Integer "pieces";
        mouth_checked Flag "the mouth was looked at";
        authorised Flag "an authorisation was in force";
        happened_at Instant "when";
        observed_by Text "by whom";
        second Text "the second person";
    }
    /// a check of the dosing day as it was done
    SESSION_CHECK = "session_check" key 2 index [] {
        participant Text "code";
        instance Text "the record";
        session Integer "session";
        check_id Text "which check";
        clears Flag "what the study's rule said of it then";
        expires_at Instant "until when it stays good";
        happened_at Instant "when";
        done_by Text "by whom";
    }
    /// one measure of a set of vital signs
    VITAL = "vital" key 3 index [] {
        participant Text "code";
        instance Text "the set";
        measure Text "which";
        session Integer "session";
        number Decimal "value in the study's unit";
        slot Text "the slot that the set fills";
        rating Text "the slot of the distress ratings that the set fills";
        confirmed Flag "outside what is plausible, and confirmed";
        corrections Integer "times that the set was corrected";
        struck Flag "struck through";
        happened_at Instant "when";
        recorded_at Instant "when it was written down";
        measured_by Text "by whom";
    }
    /// a limit that a reading breached
    BREACH = "breach" key 3 index [] {
        participant Text "code";
        instance Text "the set of vital signs";
        limit_id Text "which limit";
        session Integer "session";
        measure Text "which measure";
        number Decimal "value";
        red Flag "red, or amber";
        action Text "what the study asks for";
        repeat_by Instant "when to measure again";
        corrected Flag "a correction of the reading has taken it away, or it was struck";
    }
    /// somebody came into or left the room
    PRESENCE = "presence" key 2 index [] {
        participant Text "code";
        version Integer "place of the entry in the participant's stream";
        session Integer "session";
        staff Text "who";
        going Text "in, out";
        happened_at Instant "when";
    }
    /// a line of a session's timeline, a look in the night among them
    SESSION_NOTE = "session_note" key 2 index ["code, participant"] {
        participant Text "code";
        instance Text "the record; of a look in the night its place in the participant's stream";
        session Integer "session";
        code Text "code; night_awake, night_asleep";
        number Decimal "number; of a look in the night the distress";
        detail Text "choice; of a look in the night the signs, with commas between them";
        words Text "words";
        corrections Integer "times corrected";
        struck Flag "struck through";
        happened_at Instant "when";
        recorded_at Instant "when it was written down";
        written_by Text "by whom";
    }
    /// a change to a reading or a line of a session; what stood there before stays visible
    SESSION_CORRECTION = "session_correction" key 3 index [] {
        participant Text "code";
        version Integer "place of the entry in the participant's stream";
        field Text "measure; of a line: code, number, detail, words";
        session Integer "session";
        instance Text "the reading or line";
        was Text "what stood there";
        becomes Text "what stands there now";
        reason Text "why";
        corrected_by Text "by whom";
        recorded_at Instant "when";
    }
    /// an alarm of a session: who was told, who took it, when it was over
    SESSION_ALARM = "session_alarm" key 2 index [] {
        participant Text "code";
        instance Text "the record";
        session Integer "session";
        alarm Text "alone, carers, limit, repeat, overdue, distress, fluids, touch, note, card, stop, night_missed, night_sign";
        level Text "info, amber, red, black";
        words Text "in words";
        tell Text "duty that was told last";
        told Integer "duties told before it";
        ack_by Instant "until when somebody takes it";
        happened_at Instant "when what it is about happened";
        raised_at Instant "when it was raised";
        taken_at Instant "when somebody took it";
        taken_by Text "who took it";
        ended_at Instant "when it was over";
    }
    /// an emergency card that was opened
    SESSION_CARD = "session_card" key 2 index [] {
        participant Text "code";
        instance Text "the record";
        session Integer "session";
        card Text "card of the study";
        opened_at Instant "when";
        opened_by Text "by whom";
        closed_at Instant "when it was over";
        words Text "how it ended";
    }
    /// a step of an emergency card that was done
    CARD_STEP = "card_step" key 3 index [] {
        participant Text "code";
        instance Text "the card's record";
        step Integer "which step, from 0";
        session Integer "session";
        words Text "what it says";
        done_at Instant "when";
        done_by Text "by whom";
    }
    /// a call of the call-out list
    SESSION_CALL = "session_call" key 2 index [] {
        participant Text "code";
        version Integer "place of the entry in the participant's stream";
        session Integer "session";
        contact Text "contact of the study";
        reached Flag "spoken to";
        alarm Text "the alarm that it was about";
        words Text "what was said";
        called_at Instant "when";
        called_by Text "by whom";
    }
    /// somebody who was there signed the session's record
    SESSION_SIGNATURE = "session_signature" key 3 index [] {
        participant Text "code";
        session Integer "session";
        staff Text "who";
        signed_at Instant "when";
    }
    /// something that makes others wait, while it is in force
    HOLD = "hold" key 2 index [] {
        held Text "participant/…, site/… or trial";
        instance Text "the record";
        words Text "why";
        since_at Instant "since when";
        placed_by Text "by whom";
    }
    /// an approval
    APPROVAL = "approval" key 2 index [] {
        held Text "participant/… or site/…";
        version Integer "place of the entry in its stream";
        approval Text "which approval of the study";
        number Text "number on it";
        valid_from Date "first day";
        valid_until Date "last day";
    }
    /// the ground of an earlier authorisation is gone
    GROUND_WITHDRAWN = "ground_withdrawn" key 2 index [] {
        participant Text "code";
        version Integer "place of the entry in the participant's stream";
        rule Text "rule";
        session Integer "session";
        detail Text "in words";
        recorded_at Instant "when it was written down";
    }
    /// a container in a site's stock; what it holds is known to the sealed service alone
    CONTAINER = "container" key 2 index ["site, standing, container", "container"] {
        site Text "where it is";
        container Text "number on the label";
        part Text "initial, supplement";
        level Text "level on the label";
        lot Text "lot on the label";
        expires_on Date "last day of use";
        standing Text "quarantined, available, out, used, damaged, missing, returned, sent, destroyed";
        participant Text "for whom it is out, or who swallowed from it";
        session Integer "for which session it is out";
        in_safe Flag "a count should find it";
        pieces_used Integer "pieces swallowed from it";
        set_aside Text "why it was set aside";
        recalled Flag "its maker called it back";
        consignment Text "the delivery or shipment that it came in";
        kit Text "the kit or carton that it came in";
        seal Text "number of the seal on it";
        pieces_held Integer "pieces that it held when it arrived";
        pieces_wasted Integer "pieces of it that were spoilt";
        pieces_back Integer "pieces that came back in it";
        pieces_lost Integer "pieces of it that are lost by the book; negative for more than the label said";
        opened Flag "it was opened, whether or not anything was swallowed";
    }
    /// something became of a container
    STOCK_MOVEMENT = "stock_movement" key 3 index ["container"] {
        site Text "site";
        version Integer "place of the entry in the stock's stream";
        container Text "container";
        movement Text "received, accepted, out, back, used, quarantined, damaged, missing, temperature_excursion, came_back, refused, wasted, found, returned_out, recalled, shipped, arrived, lost, destroyed";
        detail Text "in words or figures";
        participant Text "for whom";
        happened_at Instant "when";
        moved_by Text "by whom";
        second Text "the second person";
    }
    /// a count of the safe
    STOCK_COUNT = "stock_count" key 2 index [] {
        site Text "site";
        version Integer "place of the entry in the stock's stream";
        expected Integer "containers that should be there";
        found Integer "containers that were there";
        missing Text "numbers missing, with commas";
        unexpected Text "numbers that should not be there, with commas";
        happened_at Instant "when";
        counted_by Text "by whom";
        second Text "the other counter";
    }
    /// the register of a site's safe: every entry of its stock with what it changed and the balance after it
    LEDGER = "ledger" key 3 index ["site, lot"] {
        site Text "site";
        version Integer "place of the entry in the stock's stream";
        line Integer "0 for the whole safe; from 1 for each line of labels that the entry changed";
        level Text "level on the label, for a line";
        part Text "initial, supplement, for a line";
        lot Text "lot on the label, for a line";
        way Text "in, out, count, none";
        movement Text "what was done";
        detail Text "in words or figures";
        containers Text "numbers concerned, with commas";
        seals Text "numbers of seals, with commas";
        ground Text "on what ground: a session, an order, a reason";
        participant Text "for whom";
        session Integer "for which session";
        change Integer "containers with something in them that came into the safe, or left it";
        in_safe Integer "containers with something in them in the safe after it";
        aside Integer "those of them that may not be given";
        on_hand Integer "containers on hand after it, those out for sessions among them";
        pieces Integer "pieces on hand after it";
        happened_at Instant "when";
        recorded_at Instant "when it was written down";
        done_by Text "by whom";
        second Text "the second person";
    }
    /// an order form
    STOCK_ORDER = "stock_order" key 2 index [] {
        site Text "site";
        number Text "number on the form";
        form Text "the study's form";
        fields Text "what was filled in, as JSON";
        ordered Text "what was ordered";
        signed_on Date "day";
        valid_until Date "last day on which something may arrive on it";
        signed_by Text "by whom";
    }
    /// a delivery or shipment that arrived
    CONSIGNMENT = "consignment" key 2 index [] {
        site Text "site";
        consignment Text "number";
        from_site Text "the site that sent it; nothing for a supplier";
        order_number Text "number of the order form";
        arrived_on Date "day";
        certificates Text "lots and their certificates, as JSON";
    }
    /// containers sent from one site to another
    SHIPMENT = "shipment" key 3 index [] {
        site Text "the site whose book this is";
        shipment Text "number";
        going Text "sent, announced, received, arrived";
        other_site Text "the other site";
        containers Text "numbers, with commas";
        missing Text "numbers that did not arrive, with commas";
        seal Text "number of the seal";
        seal_whole Flag "the seal was whole";
        happened_at Instant "when";
        done_by Text "by whom";
        second Text "the second person";
    }
    /// the logger in the safe was read
    TEMPERATURE = "temperature" key 2 index [] {
        site Text "site";
        version Integer "place of the entry in the stock's stream";
        logger Text "which logger";
        readings Integer "readings";
        lowest_c Decimal "coldest, °C";
        highest_c Decimal "warmest, °C";
        within Flag "all within the study's limits";
        set_aside Text "numbers set aside for it, with commas";
        read_until Instant "the last reading";
        read_by Text "by whom";
    }
    /// somebody was at the safe: opened or shut it, or moved something
    SAFE_ACCESS = "safe_access" key 2 index [] {
        site Text "site";
        version Integer "place of the entry in the stock's stream";
        going Text "opened, shut, moved";
        purpose Text "what for";
        seal Text "number of the seal that was put on it";
        alone Flag "by one person alone";
        happened_at Instant "when";
        done_by Text "by whom";
        second Text "the second person";
    }
    /// a lot that was called back at a site
    LOT_RECALL = "lot_recall" key 2 index [] {
        site Text "site";
        lot Text "lot";
        reason Text "why";
        happened_at Instant "when";
        recorded_by Text "by whom";
    }
    /// a difference between the safe and the book
    STOCK_DISCREPANCY = "stock_discrepancy" key 2 index [] {
        site Text "site";
        instance Text "the record";
        kind Text "count, counters, receipt, shipment, pieces, missing, alone";
        words Text "in words";
        containers Text "numbers concerned, with commas";
        consignment Text "the delivery or shipment concerned";
        opened_at Instant "when it was found";
        again_by Instant "until when both count again";
        hold Text "the hold that it put on the site";
        reported_by Text "who counted or reported it, with commas";
    }
    /// a difference was closed
    STOCK_RESOLUTION = "stock_resolution" key 2 index [] {
        site Text "site";
        instance Text "the difference";
        cause Text "what it was: clerical, breakage, overage, missing, theft";
        closed_words Text "how it came about, and what is done against it";
        lost Text "containers that left the book with it, with commas";
        pieces_lost Integer "pieces that left the book with it";
        closed_at Instant "when it was closed";
        closed_by Text "by whom";
    }
    /// a notice that a difference asks for, with its term
    STOCK_NOTICE = "stock_notice" key 3 index [] {
        site Text "site";
        discrepancy Text "the difference";
        form Text "the study's form";
        title Text "its title";
        causes Text "causes that it is sent for, with commas";
        due_at Instant "until when";
    }
    /// a notice that was sent
    STOCK_NOTICE_SENT = "stock_notice_sent" key 3 index [] {
        site Text "site";
        discrepancy Text "the difference";
        form Text "the study's form";
        number Text "number of what was sent";
        fields Text "what was filled in, as JSON";
        sent_at Instant "when it was sent";
        late Flag "after its term";
        sent_by Text "by whom";
    }
    /// a site as the trial knows it
    SITE = "site" key 1 index [] {
        site Text "id";
        name Text "name";
        country Text "country code";
        zone Text "time zone";
        standing Text "opened, active, closed";
        cap Integer "enrolment cap; nothing for none";
    }
    /// a site's roster
    ROSTER = "roster" key 1 index [] {
        site Text "id";
        last_number Integer "last number given out";
        places Integer "places under the cap that are taken";
    }
    /// a role that somebody holds at a site
    DELEGATION = "delegation" key 2 index ["staff"] {
        site Text "site";
        place Integer "place in the delegation log, from 1";
        staff Text "who";
        role Text "which role";
        valid_from Date "first day";
        valid_until Date "last day; nothing while open";
        covers Text "whom they cover for";
    }
    /// a licence or training that somebody holds
    CERTIFICATE = "certificate" key 3 index ["staff"] {
        held Text "where it counts: site/S01, or trial";
        staff Text "whose";
        place Integer "place among theirs there, from 1";
        kind Text "the study's kind";
        number Text "number on it";
        hours Integer "supervised hours on it";
        issued Date "day of issue";
        valid_until Date "last day; nothing for no end";
        withdrawn_from Date "first day on which it was withdrawn";
        recorded_by Text "by whom";
    }
    /// two members of staff who are related
    STAFF_RELATION = "staff_relation" key 2 index [] {
        site Text "site";
        place Integer "place among those declared there, from 1";
        staff Text "the one";
        other Text "the other";
        kind Text "the study's kind";
        valid_from Date "first day";
        valid_until Date "last day; nothing while it lasts";
    }
    /// a role that somebody holds in the whole trial
    TRIAL_ROLE = "trial_role" key 2 index [] {
        staff Text "who";
        role Text "which role";
    }
    /// a step at the end: the analysis plan frozen, the record locked or opened again
    RECORD_LOCK = "record_lock" key 1 index [] {
        version Integer "place of the entry in the trial's stream";
        step Text "frozen, locked, unlocked";
        plan Text "hash of the analysis plan";
        study Text "hash of the study version that the plan is of";
        open Integer "things that were still open";
        reason Text "why";
        signed_by Text "by whom";
        second Text "the second person";
        day Date "day";
        recorded_at Instant "when it was written down";
    }
    /// a study version that the trial has adopted
    STUDY_VERSION = "study_version" key 1 index [] {
        study Text "hash of its meaning";
        label Text "the sponsor's label";
        title Text "title";
        adopted_on Date "day";
    }
}
