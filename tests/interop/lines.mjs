// One JSON object a line in, one a line out: {"op": ..., ...} is answered by {"ok": ...} or {"error": ...}.
// Byte strings are base64. Requests are served one after the other.
import { createInterface } from "node:readline";

export const bytes = (text) => new Uint8Array(Buffer.from(text, "base64"));
export const text = (data) => Buffer.from(data).toString("base64");

export async function serve(operations) {
  for await (const line of createInterface({ input: process.stdin })) {
    const { op, ...request } = JSON.parse(line);
    let answer;
    try {
      answer = { ok: (await operations[op](request)) ?? {} };
    } catch (error) {
      answer = { error: `${error?.constructor?.name}: ${error?.message}`, stack: error?.stack };
    }
    process.stdout.write(JSON.stringify(answer) + "\n");
  }
}
