// A whole dosing day by clicking, on a phone: from the appointment to the morning after. Tired careful people do it, so
// each step is the one that the page offers first. Needs the participant whom `journey.mjs` brought to an arm.
import { readFileSync } from "node:fs";
import { Tally, open, picture } from "./browser.mjs";
import { Person } from "./clinic.mjs";

const [base, handover] = process.argv.slice(2);
const code = readFileSync(handover, "utf8").trim();
const browser = await open();
const tally = new Tally();
const phone = new Person(browser, base, tally, { width: 390, height: 844 });
const page = () => phone.page;
const [LEAD, CO, PRESCRIBER, PHARMACIST, NURSE, NIGHT, COORDINATOR] = ["s01-lead-therapist-1", "s01-co-therapist-1", "s01-prescriber-1", "s01-pharmacist", "s01-nurse", "s01-night-attendant-1", "s01-coordinator-1"];

/** The session's page, as somebody who opens it from the participant's. */
async function session(login) {
  await phone.enter(login);
  await phone.participant(code);
  await phone.follow("Casebook");
  await phone.follow("Dosing session 1");
  await phone.follow("Open the session");
}

// A week before: the appointment, and the prescriber's order.
await phone.enter(COORDINATOR);
await phone.participant(code);
await phone.follow(/Book V5/);
await phone.press("Book visit");
await phone.sees(/Booked/, "the dosing session is booked");
await session(PRESCRIBER);
await phone.goOn(/Order the dose/);
await phone.sees(/I order this dose/, "a signature says what it means");
await phone.sign("Sign the order");
await phone.sees(/Ordered. Containers are in the safe/, "the order stands");

// The day itself. The lead therapist finds the session under Today.
await phone.pass("One week");
await phone.enter(LEAD);
await page().locator("#main").getByRole("link", { name: "Hold V5 Dosing session 1" }).first().click();
await phone.look();
await phone.follow("The person came");
await phone.press("Record that they came");
tally.check(/\/sessions\/1$/.test(new URL(page().url()).pathname), `somebody who came is awaited in the room, not at ${page().url()}`);

// Nothing is allowed before the checks: the refusal says everything, and nothing is written.
await page().goto(`${page().url().split("?")[0]}/do/authorise-dose`);
await page().getByLabel("Number on the container in hand").fill("K-00000");
await phone.sign("Authorise the dose", CO);
await phone.sees(/Authorise the dose: not yet/, "a dose without its checks is refused");
await phone.sees(/Nothing was recorded/, "the refusal says that nothing was recorded");
tally.check((await page().locator(".refusal").count()) >= 4, "each reason stands by itself");

// Checks, one after the other; the pressure too high at first.
await session(LEAD);
const high = { systolic_2: "158", diastolic_2: "96", systolic_3: "156", diastolic_3: "94" };
const before = await phone.checks({ pressure: high });
tally.check(before.length > 6 && before.at(-1) === "pressure", `checks are led through until one does not clear: ${before}`);
await phone.sees(/In the way/, "a pressure above the limit stands in the way");
await phone.pass("A quarter of an hour");
const after = await phone.checks({ room: { celsius: "21" } });
tally.check(after[0] === "pressure" && after.length > 6, `measured again after a rest, and on to the rest: ${after}`);
await session(NURSE);
const forms = await phone.checks();
tally.check(forms.includes("drug_screen") && forms.includes("weight"), `forms that are the nurse's, and the checks that stand on them: ${forms}`);
await session(LEAD);
await phone.sees(/Next: Come into the room/, "checks done, the carers come");
await phone.goOn(/Come into the room/);
await phone.press("Record");
await session(CO);
await phone.goOn(/Come into the room/);
await phone.press("Record");

// The prescriber says go, signed.
await session(PRESCRIBER);
await phone.goOn(/prescriber says go/i);
await phone.check();
await phone.sees(/Dosing|session/i, "the prescriber's go is on record");

// Out of the safe by two people; one alone is not enough.
await session(PHARMACIST);
await phone.goOn(/Take the containers/);
await phone.sign("Release containers");
await phone.sees(/not yet/, "one person alone takes nothing out of the safe");
await phone.sign("Release containers", NURSE);
await phone.sees(/Containers are in the room/, "two people release the containers");
const containers = await page().locator(".containers li b").allInnerTexts();
const [initial, supplement] = containers.filter((text) => /^[0-9A-Z-]{5,}$/.test(text));
tally.check(Boolean(initial && supplement), `the containers' numbers are named: ${containers}`);

// A container that is not this session's is refused; then the right one.
await session(LEAD);
await phone.goOn(/Allow the dose/);
await page().getByLabel("Number on the container in hand").fill(supplement);
await phone.sign("Authorise the dose", CO);
await phone.sees(/in hand/, "the wrong container is refused, and said which it is");
await page().getByLabel("Number on the container in hand").fill(initial);
await phone.sign("Authorise the dose", CO);
await phone.goOn(/Swallowed: record the first dose/);
await page().getByLabel("Number on the container in hand").fill(initial);
await page().getByLabel("Pieces swallowed").fill("2");
await page().getByLabel("The mouth was looked into").check();
await phone.sign("Record what was swallowed", CO);
await phone.sees(/Dose swallowed at/, "the dose is on record");
await phone.sees(/Authorised/, "and was allowed");

/** Takes the reading that is due. */
async function reading(values) {
  await phone.goOn(/Take a reading/);
  await vitals(values);
  await phone.press("Record reading");
}

async function vitals([systolic, diastolic, rate, celsius]) {
  for (const [label, value] of [["Systolic pressure", systolic], ["Diastolic pressure", diastolic], ["Heart rate", rate], ["Temperature", celsius]]) await page().getByRole("textbox", { name: label }).fill(value);
}

// Half an hour later: a slip of the finger is questioned, nothing else that was typed is lost.
await phone.pass("A quarter of an hour", 2);
await phone.goOn(/Take a reading/);
await vitals(["132", "82", "720", "36.9"]);
await phone.press("Record reading");
const slips = await phone.errors();
tally.check(slips.length === 1 && /720/.test(slips[0]) && /30 to 220/.test(slips[0]), `an implausible rate is questioned: ${slips}`);
tally.check((await page().getByRole("textbox", { name: "Systolic pressure" }).inputValue()) === "132", "the other values are still there");
tally.check((await page().locator(".field.wrong").count()) === 1, "the field in question is marked");
await page().getByRole("textbox", { name: "Heart rate" }).fill("82");
await phone.press("Record reading");
await phone.sees(/Recorded at/, "the mended reading is recorded");

// A pressure over the amber line: it asks for a repeat, and the supplement waits for the prescriber.
await phone.pass("A quarter of an hour", 2);
await reading(["164", "94", "96", "37.2"]);
await phone.sees(/What follows from it/, "a value over the line says what follows");
await phone.pass("Five minutes");
await vitalsAgain(["150", "90", "92", "37.2"]);
await phone.pass("A quarter of an hour");
await vitalsAgain(["144", "88", "88", "37.2"]);

async function vitalsAgain(values) {
  await vitals(values);
  await phone.press("Record reading");
  await phone.sees(/Recorded at/, "a reading between the times is recorded");
}

await session(PRESCRIBER);
await page().getByText("Record something else that happened").click();
await phone.follow("The prescriber agrees to go on");
await page().getByLabel("On what ground").fill("Two readings below the line after rest.");
await phone.sign("Sign the agreement");

// The supplement: before its window it waits; then asked for, opened by two, swallowed.
await session(LEAD);
await phone.sees(/Window \d\d:\d\d to \d\d:\d\d/, "the window is said");
await picture(page(), "session", { height: 1000 });
await picture(page(), "session-phone", { width: 390, height: 844 });
await phone.pass("Five minutes");
await phone.pass("Five minutes");
await vitalsAgain(["142", "86", "86", "37.1"]);
await phone.goOn(/Allow the supplement/);
await page().getByLabel("Number on the container in hand").fill(supplement);
await page().locator('[name="wished"][value="yes"]').check();
await phone.sign("Authorise opening", CO);
await phone.goOn(/Swallowed: record the supplement/);
await page().getByLabel("Number on the container in hand").fill(supplement);
await page().getByLabel("Pieces swallowed").fill("1");
await page().getByLabel("The mouth was looked into").check();
await phone.sign("Record what was swallowed", CO);
await phone.sees(/Supplement swallowed/, "the supplement is on record");

// Through the afternoon, each reading in its time.
for (const [hours, quarters, values] of [[0, 4, ["140", "86", "84", "37.2"]], [1, 0, ["136", "84", "82", "37.2"]], [1, 0, ["132", "82", "80", "37.1"]], [1, 2, ["128", "80", "76", "37.0"]], [2, 0, ["124", "78", "72", "36.9"]]]) {
  if (hours > 0) await phone.pass("One hour", hours);
  if (quarters > 0) await phone.pass("A quarter of an hour", quarters);
  await reading(values);
}

// Leaving: a criterion that is not met stands in the way, then all are met and two people sign.
await phone.checks({ steady: { walks: "no" } });
await phone.sees(/In the way/, "somebody who does not walk steadily may not leave");
await phone.pass("A quarter of an hour");
await phone.checks();
await phone.goOn(/Let the participant leave/);
await phone.sign("Allow leaving", CO);
await phone.goOn(/The participant leaves/);
await page().getByLabel("Stays the night here").check();
await page().locator('[name="escort"][value="staff"]').check();
await phone.press("Record that they left");
await phone.sees(/stays the night here/, "they stay the night");

// The safe gets its containers back; tomorrow's session is booked; somebody looks in at night.
await session(PHARMACIST);
for (const container of [initial, supplement]) {
  await phone.goOn(/Bring the container back/);
  tally.check([initial, supplement].includes(await page().getByLabel("Number on its label").inputValue()), `the page knows which container is out, ${container} for one`);
  await page().getByLabel("The opened container came back to the safe").check();
  await page().getByLabel("Pieces still in it").fill("0");
  await phone.press("Record");
  await session(PHARMACIST);
}
await phone.enter(COORDINATOR);
await phone.participant(code);
await phone.follow(/Book V6/);
await phone.press("Book visit");
await session(NIGHT);
await phone.goOn(/A look in the night/);
await page().locator('[name="awake"][value="no"]').check();
await phone.press("Record");
await phone.sees(/Asleep in the night/, "the night is on the timeline");

// The morning: integration, the way home, the session's record closed, the next appointment.
await phone.pass("Until eight in the morning");
await phone.pass("One hour", 2);
await phone.enter(LEAD);
await page().locator("#main").getByRole("link", { name: /Hold V6/ }).first().click();
await phone.follow("The person came");
await phone.press("Record that they came");
await phone.forms();
await phone.follow("The visit is done");
await page().getByLabel("How long it took").fill("95");
await phone.press("Record visit as done");
await session(LEAD);
await phone.goOn(/They go home/);
await page().getByLabel("Home", { exact: true }).check();
await page().locator('[name="escort"][value="named"]').check();
await phone.press("Record that they left");
await page().getByRole("link", { name: "Sign the session’s record" }).first().click();
await phone.sign("Sign");
await phone.enter(CO);
await phone.participant(code);
await phone.follow("Casebook");
await phone.follow("Dosing session 1");
await phone.forms();
await phone.follow("The visit is done");
await page().getByLabel("How long it took").fill("510");
await phone.press("Record visit as done");
await phone.follow("Open the session");
await phone.goOn(/Sign the session’s record/);
await phone.sign("Sign");
await session(CO);
await phone.goOn(/Close session 1/);
await phone.sign("Close the session");
await phone.sees(/Closed on/, "the session's record is closed");
await phone.enter(COORDINATOR);
await phone.participant(code);
await phone.follow(/Book V7/);
await phone.press("Book visit");
await phone.sees(/Booked/, "the next session is booked");

console.log(`${code}: a dosing day on a phone, to the next appointment`);
await browser.close();
tally.end();
