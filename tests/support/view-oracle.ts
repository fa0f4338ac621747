import type pg from 'pg';
import {
	finishView,
	planView,
	renderProgram,
	renderSql,
	type CatalogTable,
	type ViewColumn,
	type ViewProgram,
	type ViewSpec
} from '#engine/view';
import {
	catalogOf,
	constructsOf,
	createTables,
	querySql,
	transactionSql,
	type Case,
	type ModelTable,
	type ModelView,
	type Transaction
} from './arbitrary-view.ts';
import type { ViewReport } from './view-report.ts';

/**
 * The planner's programs against Postgres as the oracle, without the runtime: a case is played in one
 * transaction that is rolled back; after each of its transactions every view must equal its SELECT, and
 * what its function returned must be the exact difference.
 */

export type TextRow = Readonly<Record<string, string | null>>;

/** Every value as Postgres printed it. */
export const asText = { getTypeParser: () => (value: string) => value } as unknown as pg.CustomTypesConfig;

/** A view that was not kept as its SELECT says. */
export class ViewFailure extends Error {
	readonly view: ModelView;
	/** The transaction after which it showed, from 0; undefined: before any. */
	readonly after: number | undefined;

	constructor(view: ModelView, message: string, after: number | undefined) {
		super(message);
		this.view = view;
		this.after = after;
	}
}

interface Difference {
	readonly operation: string;
	readonly key: string;
	readonly old: TextRow | null;
	readonly new: TextRow | null;
}

interface Kept {
	readonly view: ModelView;
	readonly sql: string;
	readonly spec: ViewSpec;
	readonly program: ViewProgram;
	readonly constructs: ReadonlySet<string>;
	/** What a subscriber holds who applied every difference. */
	readonly held: Map<string, TextRow>;
	/** What its SELECT gave when it was run last, and the time that it took. */
	truth: readonly string[];
	selectMs: number;
}

/** A SELECT that Postgres itself takes long for: nobody would wait for its case. */
class TooHeavy extends Error {}

/** Tables have some ten rows: a SELECT that takes so long multiplies them, and its view does all the more. */
const heavyMs = 100;

type Keys = Record<string, string[][]>;

export class ViewOracle {
	readonly #client: pg.Client;
	readonly #report: ViewReport;
	readonly #schemas: { readonly data: string; readonly state: string };
	readonly #log: string;

	/** `client` is a superuser's; `name` tells apart what runs beside it in the same database. */
	constructor(client: pg.Client, report: ViewReport, name = 'i1') {
		this.#client = client;
		this.#report = report;
		this.#schemas = { data: name, state: `${name}_v` };
		this.#log = `${name}_log`;
	}

	/** Throws a ViewFailure for the first view that is not as its SELECT says. */
	async check(made: Case): Promise<void> {
		await this.#client.query('BEGIN');
		try {
			await this.#build(made);
			const kept = await this.#keepAll(made);
			if (kept.length === 0) return;
			let missed: Keys | 'all' = {};
			for (const [index, transaction] of made.transactions.entries()) {
				const before: Map<string, TextRow>[] = [];
				for (const one of kept) before.push(await this.#throughRows(one));
				await this.#play(transaction, made.tables);
				const changed = merged(missed, await this.#changedKeys());
				// Now and then a batch has several transactions.
				const isLate = index % 5 === 3 && index + 1 < made.transactions.length;
				missed = isLate ? changed : {};
				if (isLate && kept.every(({ spec }) => spec.kind === 'maintained')) continue;
				await this.#maintain(kept, changed, before, index);
				missed = {};
				this.#report.transactions++;
			}
			await this.#finish(kept, made.transactions.length - 1);
		} catch (error) {
			if (!(error instanceof TooHeavy)) throw error;
			this.#report.heavy++;
		} finally {
			await this.#client.query('ROLLBACK');
		}
	}

	async #build({ tables, rows }: Case): Promise<void> {
		const { data, state } = this.#schemas;
		const log = this.#log;
		await this.#client.query(
			[
				`CREATE SCHEMA ${data}; CREATE SCHEMA ${state}; CREATE SCHEMA ${log}; SET LOCAL search_path = ${data}, ${log}`,
				`SET LOCAL statement_timeout = '30s'; SET LOCAL jit = off`,
				`CREATE TABLE ${log}.changes (source text, key text[])`,
				attemptFunction(log),
				...createTables(tables),
				...tables.flatMap((table) => logTriggers(log, table))
			].join(';\n')
		);
		await this.#play(rows, tables);
		await this.#changedKeys();
	}

	/** What constraints refuse is left out, as it is for people. */
	async #play(transaction: Transaction, tables: readonly ModelTable[]): Promise<void> {
		const statements = transactionSql(transaction, tables).map((sql) =>
			/^(SAVEPOINT|RELEASE|ROLLBACK)/.test(sql) ? sql : `SELECT ${this.#log}.attempt(${quoted(sql)})`
		);
		await this.#client.query(statements.join(';\n'));
	}

	async #changedKeys(): Promise<Keys | 'all'> {
		const { rows } = await this.#client.query<{ source: string; key: string[] | null }>(
			`WITH gone AS (DELETE FROM ${this.#log}.changes RETURNING source, key) SELECT DISTINCT source, key FROM gone`
		);
		if (rows.some(({ key }) => key === null)) return 'all';
		const keys: Keys = {};
		for (const { source, key } of rows) (keys[source] ??= []).push(key!);
		return keys;
	}

	async #keepAll(made: Case): Promise<Kept[]> {
		const tables = catalogOf(made.tables);
		const kept: Kept[] = [];
		const named: { name: string; file: string; sql: string }[] = [];
		for (const view of made.views) {
			const sql = querySql(view.query);
			const isValid = await this.#attempt(
				`CREATE VIEW ${this.#log}.${view.name} AS ${sql}; SELECT * FROM ${this.#log}.${view.name}`
			);
			if (!isValid) this.#report.invalid++;
			else {
				const one = await this.#keep(view, sql, tables, named, constructsOf(view.query, made.tables));
				if (one) kept.push(one);
				named.push({ name: view.name, file: `views/${view.name}.sql`, sql });
			}
		}
		for (const spec of inOrder(kept)) {
			if (spec.kind === 'through') continue;
			await this.#blaming(kept, spec, undefined, () =>
				this.#client.query(`SELECT FROM ${this.#schemas.state}.m_${spec.hash}('{"*": "quiet"}')`)
			);
		}
		for (const one of kept) {
			for (const [key, row] of await this.#visible(one)) one.held.set(key, row);
			await this.#select(one, undefined);
			await this.#compare(one, undefined);
		}
		return kept;
	}

	async #keep(
		view: ModelView,
		sql: string,
		tables: readonly CatalogTable[],
		views: readonly { name: string; file: string; sql: string }[],
		constructs: ReadonlySet<string>
	): Promise<Kept | undefined> {
		const definition = { name: view.name, file: `views/${view.name}.sql`, sql, tables, views };
		const fail = (what: string) => (error: Error) => {
			throw new ViewFailure(view, `${what}: ${error.message}`, undefined);
		};
		const outcome = await planView(definition).catch(fail('the planner fails'));
		if (!outcome.ok) {
			const [first] = outcome.diagnostics;
			this.#report.refusal(first!.reason, first!.message, sql);
			this.#report.view(constructs, false);
			return undefined;
		}
		const { rows } = await this.#client
			.query<{ types: string[] }>(renderSql(outcome.plan.describeSql, this.#schemas))
			.catch(fail('its types cannot be told'));
		let spec: ViewSpec;
		try {
			spec = finishView(outcome.plan, rows[0]!.types);
		} catch (error) {
			if (!(error instanceof Error && 'reason' in error)) return fail('the planner fails')(error as Error);
			this.#report.refusal(String(error.reason), error.message, sql);
			this.#report.view(constructs, false);
			return undefined;
		}
		for (const one of [...(spec.stages ?? []), spec]) {
			const { rows: there } = await this.#client.query(
				`SELECT FROM pg_proc WHERE pronamespace = '${this.#schemas.state}'::regnamespace AND proname IN ('m_${one.hash}', 't_${one.hash}')`
			);
			if (there.length > 0) continue;
			const { create } = renderProgram(one.program, this.#schemas);
			await this.#client.query(create.join(';\n')).catch(fail('its state cannot be made'));
		}
		this.#report.view(constructs, true);
		return {
			view,
			sql,
			spec,
			program: renderProgram(spec.program, this.#schemas),
			constructs,
			held: new Map(),
			truth: [],
			selectMs: 0
		};
	}

	async #maintain(
		kept: readonly Kept[],
		changed: Keys | 'all',
		before: readonly Map<string, TextRow>[],
		after: number
	): Promise<void> {
		for (const one of kept) await this.#select(one, after);
		const results = await this.#run(kept, changed, after);
		for (const [index, one] of kept.entries()) {
			const differences =
				one.spec.kind === 'through'
					? await this.#through(one, before[index]!)
					: (results.get(one.spec.hash) ?? []);
			apply(one, differences, after);
			await this.#compare(one, after);
			this.#report.checked(one.constructs);
		}
		// The same keys again change nothing.
		if (after % 4 !== 1 || changed === 'all') return;
		const again = await this.#run(kept, changed, after);
		for (const one of kept) {
			const rows = again.get(one.spec.hash) ?? [];
			if (rows.length > 0)
				throw new ViewFailure(one.view, `the same changes once more give ${JSON.stringify(rows)}`, after);
		}
	}

	/** Each stage once, those that it reads before it; differences of visible rows by hash. */
	async #run(
		kept: readonly Kept[],
		changed: Keys | 'all',
		after: number
	): Promise<Map<string, Difference[]>> {
		const results = new Map<string, Difference[]>();
		const deltas: Record<string, unknown> = {};
		const order = inOrder(kept);
		const read = new Set(order.flatMap((spec) => spec.reads ?? []));
		for (const spec of order) {
			if (spec.kind === 'through') continue;
			const keys = changed === 'all' ? { '*': true } : { ...changed, ...deltas };
			const argument = JSON.stringify({ ...keys, ...(read.has(spec.hash) ? { '+': true } : {}) });
			const { rows } = await this.#blaming(kept, spec, after, () =>
				this.#client.query<Difference & { own?: unknown }>(
					`SELECT * FROM ${this.#schemas.state}.m_${spec.hash}($1) ORDER BY op`,
					[argument]
				)
			);
			if (read.has(spec.hash) && rows.length > 0)
				deltas[`@${spec.hash}`] = rows.map((row) => [row.own, row.old, row.new]);
			results.set(
				spec.hash,
				rows.filter(({ operation }) => operation !== null)
			);
		}
		return results;
	}

	/** An error of a stage is one of the first view that needs it. */
	async #blaming<T>(
		kept: readonly Kept[],
		{ hash }: ViewSpec,
		after: number | undefined,
		work: () => Promise<T>
	): Promise<T> {
		try {
			return await work();
		} catch (error) {
			const one = kept.find(({ spec }) =>
				[...(spec.stages ?? []), spec].some((stage) => stage.hash === hash)
			)!;
			if ((error as { code?: string }).code === '57014' && one.selectMs > heavyMs) throw new TooHeavy();
			throw new ViewFailure(one.view, `its function fails: ${(error as Error).message}`, after);
		}
	}

	async #through(one: Kept, before: Map<string, TextRow>): Promise<Difference[]> {
		const now = await this.#throughRows(one);
		const changes = [...new Set([...before.keys(), ...now.keys()])].flatMap((key) => {
			const change = { old: before.get(key) ?? null, new: now.get(key) ?? null };
			return JSON.stringify(change.old) === JSON.stringify(change.new) ? [] : [change];
		});
		const { rows } = await this.#client.query<Difference>(
			`SELECT operation, key, old, new FROM ${this.#schemas.state}.t_${one.spec.hash}($1) ORDER BY op`,
			[JSON.stringify(changes)]
		);
		return rows;
	}

	/** The rows of a read-through view's table, by key. */
	async #throughRows({ spec }: Kept): Promise<Map<string, TextRow>> {
		if (spec.kind !== 'through') return new Map();
		const [table] = spec.sources;
		const { rows } = await this.#client.query<TextRow>({
			text: `SELECT * FROM ${table!.table}`,
			types: asText
		});
		return new Map(rows.map((row) => [JSON.stringify(table!.key.map((name) => row[name])), row]));
	}

	async #visible({ view, program }: Kept): Promise<Map<string, TextRow>> {
		const { rows } = await this.#client.query<TextRow>({ text: program.read, types: asText });
		const byKey = new Map(rows.map(({ _key, ...row }) => [_key!, row]));
		if (byKey.size < rows.length) throw new ViewFailure(view, 'two of its rows have the same key', undefined);
		return byKey;
	}

	/** What the view has to be now. */
	async #select(one: Kept, after: number | undefined): Promise<void> {
		const started = performance.now();
		const { rows } = await this.#client
			.query<(string | null)[]>({ text: one.sql, types: asText, rowMode: 'array' })
			.catch((error: Error) => {
				throw new ViewFailure(one.view, `the SELECT itself fails: ${error.message}`, after);
			});
		one.selectMs = performance.now() - started;
		one.truth = rows.map((row) => JSON.stringify(row)).sort();
	}

	/** What a subscriber holds must be what the SELECT gives. */
	async #compare(one: Kept, after: number | undefined): Promise<void> {
		const { view, spec, held, sql, truth } = one;
		for (const { name } of spec.columns.filter(({ notNull }) => notNull)) {
			if ([...held.values()].some((row) => row[name] === null))
				throw new ViewFailure(view, `"${name}" is NULL, which it is said never to be`, after);
		}
		const mine = [...held.values()].map((row) => JSON.stringify(spec.columns.map(({ name }) => row[name])));
		if (mine.sort().join() === truth.join()) return;
		const unequal = await unequalRows(this.#client, spec.columns, [...held.values()], sql);
		if (unequal.length > 0) throw new ViewFailure(view, `rows differ:\n${unequal.join('\n')}`, after);
	}

	/** The state is what was told of it, and a full difference finds nothing. */
	async #finish(kept: readonly Kept[], after: number): Promise<void> {
		for (const one of kept) {
			const visible = await this.#visible(one);
			if (contents(visible) !== contents(one.held)) {
				const told = `${contents(one.held)}\nstate: ${contents(visible)}`;
				throw new ViewFailure(one.view, `its state is not what was told of it:\ntold:  ${told}`, after);
			}
		}
		const full = await this.#run(kept, 'all', after);
		for (const one of kept) {
			const rows = full.get(one.spec.hash) ?? [];
			if (rows.length > 0)
				throw new ViewFailure(one.view, `a full difference afterwards gives ${JSON.stringify(rows)}`, after);
		}
	}

	/** Whether it runs at all. */
	async #attempt(sql: string): Promise<boolean> {
		await this.#client.query('SAVEPOINT attempt');
		try {
			await this.#client.query(sql);
			await this.#client.query('RELEASE SAVEPOINT attempt');
			return true;
		} catch {
			await this.#client.query('ROLLBACK TO SAVEPOINT attempt');
			return false;
		}
	}
}

/** Rows that only the view or only its SELECT has, by Postgres's own equality; `sql` runs as it stands. */
export async function unequalRows(
	client: Pick<pg.ClientBase, 'query'>,
	columns: readonly ViewColumn[],
	held: readonly TextRow[],
	sql: string
): Promise<string[]> {
	const typed = columns.map((column) => `(r ->> '${column.name}')::${comparable(column)} AS ${column.name}`);
	const mine = `SELECT ${typed.join(', ')} FROM jsonb_array_elements($1::jsonb) AS r`;
	const names = columns.map((column) => `s.${column.name}::${comparable(column)}`);
	const truth = `SELECT ${names.join(', ')} FROM (${sql}) AS s`;
	const { rows } = await client.query<{ side: string; row: string }>(
		`WITH mine AS MATERIALIZED (${mine}), truth AS MATERIALIZED (${truth})
SELECT 'view  ' AS side, x::text AS row FROM (TABLE mine EXCEPT ALL TABLE truth) AS x
UNION ALL SELECT 'SELECT', y::text FROM (TABLE truth EXCEPT ALL TABLE mine) AS y`,
		[JSON.stringify(held)]
	);
	return rows.map(({ side, row }) => `  only in the ${side}: ${row}`);
}

/** A type that has an equality; `character` alone would be one character. */
function comparable({ type, dims }: ViewColumn): string {
	const name = type === 'character' ? 'bpchar' : type === 'json' ? 'text' : type;
	return name + '[]'.repeat(dims);
}

function apply({ view, spec, held }: Kept, differences: readonly Difference[], after: number): void {
	const seen = new Set<string>();
	for (const { operation, key, old, new: row } of differences) {
		const fail = (what: string): never => {
			throw new ViewFailure(view, `${operation} of ${key}: ${what}`, after);
		};
		if (spec.kind === 'maintained' && seen.has(key)) fail('the key comes twice');
		seen.add(key);
		const before = held.get(key) ?? null;
		if (!sameRow(before, old)) fail(`it was ${JSON.stringify(before)}, but old is ${JSON.stringify(old)}`);
		const expected = before === null ? 'insert' : row === null ? 'delete' : 'update';
		if (operation !== expected) fail(`it is an ${expected}`);
		if (row === null) held.delete(key);
		else held.set(key, row);
	}
}

function sameRow(a: TextRow | null, b: TextRow | null): boolean {
	if (!a || !b) return !a === !b;
	const names = Object.keys(a);
	return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}

function contents(rows: ReadonlyMap<string, TextRow>): string {
	const sorted = [...rows].map(([key, row]) => [
		key,
		Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1))
	]);
	return JSON.stringify(sorted.sort(([a], [b]) => (a! < b! ? -1 : 1)));
}

/** All stages of the views and the views, each once, after those that it reads. */
function inOrder(kept: readonly Kept[]): ViewSpec[] {
	const byHash = new Map<string, ViewSpec>();
	for (const { spec } of kept) for (const one of [...(spec.stages ?? []), spec]) byHash.set(one.hash, one);
	const done: ViewSpec[] = [];
	const visit = (spec: ViewSpec): void => {
		if (done.includes(spec)) return;
		for (const hash of spec.reads ?? []) visit(byHash.get(hash)!);
		done.push(spec);
	};
	byHash.forEach(visit);
	return done;
}

function merged(one: Keys | 'all', other: Keys | 'all'): Keys | 'all' {
	if (one === 'all' || other === 'all') return 'all';
	const all: Keys = { ...one };
	for (const [table, keys] of Object.entries(other)) all[table] = [...(all[table] ?? []), ...keys];
	return all;
}

function quoted(sql: string): string {
	return `$loam$${sql}$loam$`;
}

/** Runs a statement and lets a constraint refuse it. */
export function attemptFunction(schema: string): string {
	return `CREATE FUNCTION ${schema}.attempt(statement text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE statement;
EXCEPTION WHEN integrity_constraint_violation OR cardinality_violation OR object_in_use THEN
END $$`;
}

/** Every key that a row has or had, as the log of Postgres would name it; NULL for TRUNCATE. */
function logTriggers(schema: string, { name, key }: ModelTable): string[] {
	const of = (row: string) => `ARRAY[${key.map((column) => `format('%s', ${row}.${column})`).join(', ')}]`;
	return [
		`CREATE FUNCTION ${schema}.log_${name}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP = 'TRUNCATE' THEN INSERT INTO ${schema}.changes VALUES ('${name}', NULL); RETURN NULL; END IF;
	IF TG_OP <> 'INSERT' THEN INSERT INTO ${schema}.changes VALUES ('${name}', ${of('OLD')}); END IF;
	IF TG_OP <> 'DELETE' THEN INSERT INTO ${schema}.changes VALUES ('${name}', ${of('NEW')}); END IF;
	RETURN NULL;
END $$`,
		`CREATE TRIGGER log_rows AFTER INSERT OR UPDATE OR DELETE ON ${name} FOR EACH ROW EXECUTE FUNCTION ${schema}.log_${name}()`,
		`CREATE TRIGGER log_all AFTER TRUNCATE ON ${name} FOR EACH STATEMENT EXECUTE FUNCTION ${schema}.log_${name}()`
	];
}
