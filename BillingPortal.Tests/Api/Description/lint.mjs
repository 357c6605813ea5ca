// Reads an OpenAPI document from standard input and prints what the linter's recommended rules say of it, a line each.
import { createConfig, lintFromString } from '@redocly/openapi-core';

let source = '';
for await (const chunk of process.stdin) {
  source += chunk;
}

// A portal's licence and its own address are its operator's to say.
const config = await createConfig({ extends: ['recommended'], rules: { 'info-license': 'off', 'no-server-example.com': 'off' } });
for (const problem of await lintFromString({ source, absoluteRef: 'openapi.json', config })) {
  console.log(`${problem.severity} ${problem.ruleId}: ${problem.message} at ${problem.location.map((at) => at.pointer ?? '').join(', ')}`);
}
