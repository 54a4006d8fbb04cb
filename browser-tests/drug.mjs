// The safe is counted by two people who don't see what the other found, nor what should be there: they differ, count
// again, miss one container, find it, and a third person closes the difference. Then the register is added up.
import { Tally, open, sideways, violations } from "./browser.mjs";
import { Person } from "./clinic.mjs";

const [base] = process.argv.slice(2);
const browser = await open();
const tally = new Tally();
const SITE = "S01";
const count = `${base}/sites/${SITE}/do/count`;
const stock = `${base}/stock/${SITE}`;
const [pharmacist, nurse, lead] = [new Person(browser, base, tally), new Person(browser, base, tally, { width: 390, height: 844 }), new Person(browser, base, tally)];
await pharmacist.enter("s01-pharmacist");
await nurse.enter("s01-nurse");
await lead.enter("s01-investigator");

/** What the page says is in the safe, whichever way it came there. */
async function inSafe(person, states = "In the safe|Set aside|Broken or spoilt|Opened, back in the safe") {
  await person.page.goto(stock);
  await person.look();
  return person.page.locator("#containers ~ * table tbody tr, section:has(> #containers) table tbody tr").evaluateAll((rows, states) => {
    const here = new RegExp(states);
    return [...new Set(rows.filter((row) => here.test(row.lastElementChild.textContent)).map((row) => row.firstElementChild.textContent.trim()))];
  }, states);
}

/** Writes down what somebody found. */
async function writes(person, found) {
  await person.page.goto(count);
  await person.look();
  const page = await person.page.content();
  tally.check(!all.some((number) => page.includes(number)), `${person.login}: the form of a count names no container`);
  await person.page.getByLabel("Containers found").fill(found.join("\n"));
  await person.sign("Record my count");
  tally.check((await person.errors()).length === 0, `${person.login}: the count is recorded: ${await person.errors()}`);
}

/** While one of two has counted, neither is shown a figure: on the page, in the register, in its file. */
async function hidden(person) {
  for (const path of [stock, `${stock}/ledger`]) {
    await person.page.goto(path);
    await person.look();
    await person.sees(/The safe is being counted/, `${path} says that a count is under way`);
    const page = await person.page.content();
    tally.check(!all.some((number) => page.includes(number)), `${person.login}: ${path} names no container meanwhile`);
  }
  for (const file of ["ledger.csv", "forecast.csv"]) {
    const reply = await person.context.request.get(`${stock}/${file}`);
    tally.check(reply.status() === 403, `${person.login}: ${file} is withheld meanwhile, ${reply.status()}`);
  }
}

const all = await inSafe(pharmacist);
tally.check(all.length > 2, `the safe holds something to count: ${all.length}`);
const missed = all.at(-1);
const without = all.slice(0, -1);

// Two counts that differ from each other: neither stands, and nobody is told what the other found.
await writes(pharmacist, all);
await hidden(pharmacist);
await hidden(nurse);
await writes(nurse, without);
await nurse.page.goto(stock);
await nurse.look();
await nurse.sees(/Two counts differed from each other/, "two counts that differ are said to differ");

// Again, and both miss the same one: a difference, which holds the site.
await writes(nurse, without);
await hidden(pharmacist);
await writes(pharmacist, without);
await pharmacist.page.goto(stock);
await pharmacist.look();
await pharmacist.sees(new RegExp(`1 not found: ${missed}`), "what both missed is named");
await pharmacist.sees(/Nothing can be authorised at this site/, "and the site is held");

// Counted again, it was behind the others. Who counted may not close it; a third may.
await writes(pharmacist, all);
await writes(nurse, all);
await lead.page.goto(stock);
await lead.look();
await lead.sees(/Counted again by two, and agreed with the book/, "counted again, it agrees");
await lead.follow("Close the difference");
await lead.page.locator('[name="cause"][value="clerical"]').check();
await lead.page.locator('main textarea[name="text"]').fill("It stood behind the others; counts begin at the back from now on.");
await lead.sign("Close the difference");
await lead.page.goto(stock);
await lead.look();
tally.check(!/Count differs/.test(await lead.text()), "closed, it is gone from the page");
tally.check((await inSafe(pharmacist)).sort().join() === [...all].sort().join(), "and the safe holds what it held");

// The register: two names to a count, and every balance is the one before with the line's change.
await pharmacist.follow("The controlled-drug register, with balances");
tally.check((await pharmacist.page.locator("table.ledger tbody tr").count()) > 3, "the register has its lines");
for (const width of [1280, 390, 320]) {
  await pharmacist.page.setViewportSize({ width, height: 844 });
  tally.check((await sideways(pharmacist.page)) <= 0, `the register scrolls sideways at ${width}`);
  for (const violation of await violations(pharmacist.page)) tally.check(false, `the register at ${width}: ${violation}`);
}
const file = await pharmacist.context.request.get(`${stock}/ledger.csv`).then((reply) => reply.text());
const [head, ...lines] = file.trim().split(/\r?\n/).map((line) => [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(,|$)/g)].map((cell) => cell[1]));
const column = (name) => head.indexOf(name);
let balance = 0;
let wrong = 0;
for (const line of lines) {
  balance += Number(line[column("change")]);
  if (balance !== Number(line[column("in_safe")])) wrong += 1;
}
tally.check(lines.length > 3 && wrong === 0, `${lines.length} lines of the register, of which ${wrong} don't add up`);
// Opened ones lie in the safe and are counted; the register's balance is of those that can still be given.
const unopened = await inSafe(pharmacist, "In the safe|Set aside|Broken or spoilt");
tally.check(balance === unopened.length, `the register ends with the unopened of what was counted, ${balance} and ${unopened.length}`);
tally.check(!/placebo|active/i.test(file), "the register doesn't tell what a container holds");

console.log(`${all.length} containers counted by two, ${lines.length} lines of the register added up`);
await browser.close();
tally.end();
