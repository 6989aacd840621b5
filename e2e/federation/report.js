// Counts checks. A failed one doesn't stop those after it.
let passed = 0;
let failed = 0;

export async function check(name, run) {
  try {
    await run();
    passed++;
    console.log(`ok   ${name}`);
  } catch (error) {
    failed++;
    console.log(`FAIL ${name}\n     ${String(error.stack ?? error).slice(0, 2000).replaceAll('\n', '\n     ')}`);
  }
}

// close prints the sums and sets the exit code.
export function close() {
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
}
