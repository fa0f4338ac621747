// `npm run bench [-- NAME... --json FILE]`: runs the benches whose rows begin with a name, one after the other.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Row } from './row.ts';

/** File, and how its rows' names begin. */
const benches: Readonly<Record<string, readonly string[]>> = {
	'change-latency': ['change-latency'],
	zero: ['change-latency zero', 'replicated writes zero'],
	'view-maintenance': ['view-maintenance join', 'view-maintenance group'],
	'view-peers': [
		'view-maintenance group 1000 keys db-ivm',
		'view-maintenance memory db-ivm',
		'view-maintenance group 1 key pglite'
	],
	'view-throughput': ['view-throughput'],
	'fan-out': ['fan-out'],
	'filter-scaling': ['filter-scaling'],
	'command-insert': ['command insert'],
	'sandbox-warm': ['sandbox warm'],
	'sandbox-neighbour': ['sandbox neighbour'],
	'page-hand-written': ['page hand-written'],
	publish: ['publish']
};

const { values, positionals } = parseArgs({ options: { json: { type: 'string' } }, allowPositionals: true });

const wanted = (names: readonly string[]) =>
	positionals.length === 0 ||
	names.some((name) => positionals.some((asked) => name.startsWith(asked) || asked.startsWith(name)));

const rows: Row[] = [];
for (const [file, names] of Object.entries(benches)) {
	if (!wanted(names)) continue;
	process.stderr.write(`bench: ${names.join(', ')} …\n`);
	const { run } = (await import(`./${file}.ts`)) as { run(): Promise<Row[]> };
	const measured = await run();
	rows.push(
		...measured.filter(
			(row) => positionals.length === 0 || positionals.some((asked) => row.name.startsWith(asked))
		)
	);
}
for (const row of rows) {
	process.stdout.write(
		`${row.holds ? 'holds ' : 'MISSED'}  ${row.name}: ${round(row.value)} ${row.unit}, ${row.against} ${round(row.reference)} ${row.unit}, ratio ${round(row.ratio)} (goal ${row.goal})\n`
	);
}
if (values.json) writeFileSync(values.json, `${JSON.stringify(rows, null, 2)}\n`);
process.exit(rows.every((row) => row.holds) ? 0 : 1);

function round(value: number): string {
	return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
