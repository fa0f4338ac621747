import { describe, expect, test } from 'vitest';
import { modelTables } from './arbitrary-view.ts';
import { finishView, implicitView } from './finish.ts';
import { planView, type ViewPlan } from './plan.ts';
import { renderProgram } from './render.ts';

async function plan(sql: string, tables = modelTables): Promise<ViewPlan> {
	const outcome = await planView({ name: 'v', file: 'views/v.sql', sql, tables });
	if (!outcome.ok) throw new Error(outcome.diagnostics[0]!.message);
	return outcome.plan;
}

/** Types do not matter here. */
const finish = (made: ViewPlan) =>
	finishView(
		made,
		Array.from({ length: 20 }, () => 'text')
	);

describe('the hash', () => {
	const base = 'SELECT id, title FROM tickets WHERE points > 1';

	test('is of the meaning, not of the text', async () => {
		const other = `select t.id , tickets.title\n-- all of them\nfrom tickets where ((points) > 1)`.replaceAll(
			't.id',
			'tickets.id'
		);
		expect((await plan(other)).hash).toBe((await plan(base)).hash);
		expect((await plan(base)).hash).toMatch(/^[0-9a-f]{16}$/);
	});

	test('changes with the definition', async () => {
		const hashes = await Promise.all(
			[base, `${base} AND done`, base.replace('>', '>='), base.replace('title', 'title AS name')].map(
				async (sql) => (await plan(sql)).hash
			)
		);
		expect(new Set(hashes).size).toBe(4);
	});

	test('changes with the tables that it reads, in what it reads of them', async () => {
		const column = (name: string) => ({ name, type: 'text', array: false, nullable: true });
		const wider = modelTables.map((table) => ({ ...table, columns: [...table.columns, column('added')] }));
		const retyped = modelTables.map((table) => ({
			...table,
			columns: table.columns.map((made) => (made.name === 'points' ? { ...made, type: 'bigint' } : made))
		}));
		expect((await plan(base, wider)).hash).toBe((await plan(base)).hash);
		expect((await plan(base, retyped)).hash).not.toBe((await plan(base)).hash);
		expect((await plan('SELECT * FROM tickets', wider)).hash).not.toBe(
			(await plan('SELECT * FROM tickets')).hash
		);
	});
});

describe('the row key', () => {
	test('of a join is the fewest keys that tell its rows apart', async () => {
		const made = await plan('SELECT p.name, t.id FROM projects p JOIN tickets t ON p.id = t.project_id');
		expect(made.lineage).toEqual([1]);
		const spec = finish(made);
		expect(spec.opaqueKey).toBe(false);
		expect(spec.columns.map((column) => column.keyIndex)).toEqual([undefined, 0]);
	});

	test('of a chain of look-ups is its beginning', async () => {
		const made = await plan(
			'SELECT c.n FROM comments c JOIN tickets t ON t.id = c.ticket_id JOIN projects p ON p.id = t.project_id'
		);
		expect(made.lineage).toEqual([0]);
	});

	test('needs both sides where neither determines the other', async () => {
		expect(
			(await plan('SELECT a.id AS x, b.id AS y FROM tickets a JOIN tickets b ON a.title = b.title')).lineage
		).toEqual([0, 1]);
		expect(
			(await plan('SELECT a.id FROM tickets a JOIN projects b ON b.id = a.project_id OR a.done')).lineage
		).toEqual([0, 1]);
	});

	test('is either of two that determine each other, the readable one first', async () => {
		expect((await plan('SELECT b.id FROM tickets a JOIN tickets b ON a.id = b.id')).lineage).toEqual([1]);
	});

	test('is opaque where the view does not show it', async () => {
		const spec = finish(await plan('SELECT t.title FROM tickets t JOIN projects p ON p.id = t.project_id'));
		expect(spec.opaqueKey).toBe(true);
		expect(spec.columns.every((column) => column.keyIndex === undefined)).toBe(true);
	});

	test('of groups is what they are grouped by', async () => {
		const shown = finish(await plan('SELECT count(*) AS n, done, title FROM tickets GROUP BY title, done'));
		expect(shown.columns.map((column) => column.keyIndex)).toEqual([undefined, 1, 0]);
		expect(finish(await plan('SELECT count(*) AS n FROM tickets GROUP BY title')).opaqueKey).toBe(true);
		expect(finish(await plan('SELECT count(*) AS n FROM tickets')).opaqueKey).toBe(true);
	});
});

describe('the kind', () => {
	test.each([
		['through', 'SELECT id, upper(title) AS t FROM tickets WHERE NOT done'],
		['maintained', 'SELECT ticket_id FROM comments'],
		['maintained', 'SELECT a.id FROM tickets a JOIN tickets b ON b.id = a.parent'],
		['maintained', 'SELECT count(*) AS n FROM tickets']
	])('%s: %s', async (kind, sql) => {
		expect((await plan(sql)).kind).toBe(kind);
	});
});

test('names its tables once', async () => {
	const made = await plan(
		'SELECT a.id FROM tickets a JOIN tickets b ON b.id = a.parent JOIN projects p ON p.id = a.project_id'
	);
	expect(finish(made).sources.map((source) => source.table)).toEqual(['tickets', 'projects']);
});

test('an implicit view has every column and the key of its table', async () => {
	const spec = await implicitView(modelTables[2]!);
	expect(spec).toMatchObject({ name: 'comments', implicit: true, kind: 'maintained', opaqueKey: false });
	expect(spec.columns).toContainEqual({ name: 'tags', type: 'text', dims: 1, notNull: false });
	expect(spec.columns.map((column) => column.keyIndex)).toEqual([0, 1, undefined, undefined, undefined]);
	expect(spec.sources).toEqual([{ table: 'comments', key: ['ticket_id', 'n'] }]);
});

test('no literal of an author is taken for a placeholder', async () => {
	const spec = finish(await plan(`SELECT id, title || '{data}.x{state}\\' AS t FROM tickets`));
	const program = renderProgram(spec.program, { data: 'da"ta', state: 'st' });
	expect(program.read).toContain(`E'\\x7bdata}.x\\x7bstate}\\\\'`);
	expect(program.read).toContain(`FROM "da""ta"."tickets"`);
	expect([...program.create, ...program.drop, program.read].join()).not.toMatch(/\{(data|state)\}/);
});
