import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

// compile runs a compiler of an installed package; its output is shown if it fails.
export async function compile(script, options, ...parameters) {
  try {
    return await run(process.execPath, [script, ...parameters], options);
  } catch (error) {
    throw new Error(`${script}: ${error.message}\n${error.stdout}\n${error.stderr}`);
  }
}
