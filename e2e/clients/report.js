// Counts what passed and what failed.
let passed = 0;
let failed = 0;

// check runs one case and goes on with the next one whatever happens.
export async function check(name, run) {
  try {
    await run();
    passed++;
    console.log(`ok   ${name}`);
  } catch (error) {
    failed++;
    console.log(`FAIL ${name}\n${error.stack}`);
  }
}

// summary prints the last line and sets the exit code.
export function summary() {
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
}
