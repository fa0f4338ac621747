import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { finishView, implicitView, planView, renderSql, type ViewSpec } from '#engine/view';
import type { Place, Tenancy } from '#core/tenancy';
import type { JournalRow, LiveView, RunningViews } from '#core/views';
import {
	catalogOf,
	constructsOf,
	createTables,
	querySql,
	transactionSql,
	type Case,
	type ModelView,
	type Transaction
} from './arbitrary-view.ts';
import { JournalReplica } from './journal-replica.ts';
import { makePlace } from './places.ts';
import type { TestPostgres } from './postgres.ts';
import {
	lastObserved,
	observeDatabase,
	observedPositions,
	observeTable,
	replaySql,
	replayTables,
	type ObservedPosition,
	type ObservedWrite
} from './view-observed.ts';
import { asText, attemptFunction, unequalRows, ViewFailure, type TextRow } from './view-oracle.ts';
import type { ViewReport } from './view-report.ts';

/**
 * Random views kept by the running maintainer while three sessions write: afterwards the tables are made
 * again as they were at each position that was applied, and each view's SELECT over them is compared with
 * what its readers held there.
 */

interface Kept {
	readonly view: ModelView;
	readonly sql: string;
	readonly spec: ViewSpec;
	readonly constructs: ReadonlySet<string>;
}

/** What a reader of one view got in its snapshot. */
interface Reader {
	readonly kept: Kept;
	readonly view: LiveView;
	readonly seq: bigint;
	readonly rows: readonly (readonly [string, TextRow])[];
}

/** A writer who waited until the views had what it wrote; all of them were built when it began to. */
interface Told {
	readonly xid: bigint;
	readonly seq: bigint;
}

export interface RuntimeParts {
	readonly db: TestPostgres;
	readonly tenancy: Tenancy;
	/** Of the database, and nobody else's. */
	readonly views: RunningViews;
	readonly report: ViewReport;
}

export class RuntimeOracle {
	readonly #db: TestPostgres;
	readonly #tenancy: Tenancy;
	readonly #views: RunningViews;
	readonly #superuser: pg.Client;
	readonly #report: ViewReport;
	#cases = 0;
	/** Resolves when the views of the case under way are built. */
	#built = Promise.withResolvers<void>();
	#isBuilt = false;

	private constructor(parts: RuntimeParts, superuser: pg.Client) {
		this.#db = parts.db;
		this.#tenancy = parts.tenancy;
		this.#views = parts.views;
		this.#report = parts.report;
		this.#superuser = superuser;
	}

	static async open(parts: RuntimeParts): Promise<RuntimeOracle> {
		const superuser = await parts.db.connect(parts.db.superuserUrl);
		await observeDatabase(superuser, parts.db.instance.logins.views);
		await superuser.query(attemptFunction('observed'));
		return new RuntimeOracle(parts, superuser);
	}

	close(): Promise<void> {
		return this.#superuser.end();
	}

	/** Throws a ViewFailure for the first position at which a view is not as its SELECT says. */
	async check(made: Case): Promise<void> {
		const before = await lastObserved(this.#superuser);
		const from = this.#views.position().seq;
		const place = await this.#build(made);
		try {
			const kept = await this.#plan(made, place);
			if (kept.length === 0) return;
			const { readers, told } = await this.#run(made, place, kept);
			await this.#checkTold(told, kept[0]!.view);
			const positions = await observedPositions(this.#superuser, before);
			await this.#verify(readers, positions, await this.#journal(from), from);
		} finally {
			await this.#views.retain(place, new Set());
			await this.#superuser.query(
				`RESET search_path; DROP SCHEMA IF EXISTS replay CASCADE; DROP SCHEMA ${place.schema}, ${place.stateSchema} CASCADE; TRUNCATE observed.writes`
			);
		}
	}

	/** Tables with their first rows, recorded from the beginning; and their twins, for later. */
	async #build({ tables, rows }: Case): Promise<Place> {
		const name = `random${++this.#cases}`;
		const place = await makePlace(this.#db, this.#tenancy, name, ...createTables(tables));
		await this.#superuser.query(
			[
				`CREATE SCHEMA replay`,
				...replayTables(place.schema, tables),
				...tables.map((table) => observeTable(place.schema, table)),
				`SET search_path = ${place.schema}`,
				...attempts(rows, tables),
				`SET search_path = replay`
			].join(';\n')
		);
		return place;
	}

	async #plan(made: Case, place: Place): Promise<Kept[]> {
		const tables = catalogOf(made.tables);
		const kept: Kept[] = [];
		const named: { name: string; file: string; sql: string }[] = [];
		for (const view of made.views) {
			const sql = querySql(view.query);
			const constructs = constructsOf(view.query, made.tables);
			try {
				await this.#superuser.query(`CREATE VIEW replay.${view.name} AS ${sql}`);
			} catch {
				this.#report.invalid++;
				continue;
			}
			const file = `views/${view.name}.sql`;
			const outcome = await planView({ name: view.name, file, sql, tables, views: [...named] });
			named.push({ name: view.name, file, sql });
			this.#report.view(constructs, outcome.ok);
			if (!outcome.ok) {
				const [first] = outcome.diagnostics;
				this.#report.refusal(first!.reason, first!.message, sql);
				continue;
			}
			const describe = renderSql(outcome.plan.describeSql, { data: place.schema });
			const { rows } = await this.#superuser.query<{ types: string[] }>(describe);
			kept.push({ view, sql, constructs, spec: finishView(outcome.plan, rows[0]!.types) });
		}
		return kept;
	}

	/** Views are built, and read again and again, while the writers are at it. */
	async #run(
		{ tables, transactions }: Case,
		place: Place,
		kept: readonly Kept[]
	): Promise<{ readers: Reader[]; told: Told[] }> {
		const told: Told[] = [];
		this.#isBuilt = false;
		this.#built = Promise.withResolvers();
		let isOver = false;
		const shares = [0, 1, 2].map((n) => transactions.filter((_, index) => index % 3 === n));
		const writing = Promise.all(shares.map((share) => this.#write(share, tables, place, told))).finally(
			() => (isOver = true)
		);
		writing.catch(() => {});
		const readers: Reader[] = [];
		try {
			const implicit = await Promise.all(catalogOf(tables).map(implicitView));
			const refs = tables.map(({ name, key }) => ({ name, key }));
			const specs = new Map([...implicit, ...kept.map(({ spec }) => spec)].map((spec) => [spec.hash, spec]));
			await this.#ensure(place, refs, [...specs.values()], kept);
			this.#isBuilt = true;
			this.#built.resolve();
			while (!isOver) {
				for (const one of kept) readers.push(await this.#read(place, one));
				await sleep(20 + Math.random() * 60);
			}
		} finally {
			this.#built.resolve();
			await writing;
		}
		const { rows } = await this.#db.app.query<{ xid: string }>('SELECT pg_current_xact_id()::text AS xid');
		await this.#views.whenApplied(BigInt(rows[0]!.xid), 30_000);
		for (const one of kept) readers.push(await this.#read(place, one));
		return { readers, told };
	}

	async #ensure(
		place: Place,
		tables: readonly { name: string; key: readonly string[] }[],
		specs: readonly ViewSpec[],
		kept: readonly Kept[]
	): Promise<void> {
		try {
			await this.#views.ensure(place, tables, specs);
		} catch (error) {
			const { meta, message } = error as Error & { meta?: { view?: unknown } };
			const at = kept.find(({ view }) => view.name === meta?.view) ?? kept[0]!;
			throw new ViewFailure(at.view, `it is not built: ${message}`, undefined);
		}
	}

	/** One of several sessions. What a constraint or a lock refuses is left out. */
	async #write(
		transactions: readonly Transaction[],
		tables: Case['tables'],
		place: Place,
		told: Told[]
	): Promise<void> {
		const client = await this.#db.connect(this.#db.superuserUrl);
		try {
			await client.query(`SET search_path = ${place.schema}; SET lock_timeout = '2s'`);
			for (const [index, transaction] of transactions.entries()) {
				// The first ones while the views are built.
				if (index === Math.floor(transactions.length / 4)) await this.#built.promise;
				const statements = [
					'BEGIN',
					...attempts(transaction, tables),
					'SELECT pg_current_xact_id()::text AS xid',
					'COMMIT'
				];
				try {
					const results = (await client.query(statements.join(';\n'))) as unknown as pg.QueryResult<{
						xid: string;
					}>[];
					const xid = BigInt(results.at(-2)!.rows[0]!.xid);
					if (this.#isBuilt && Math.random() < 0.3)
						told.push({ xid, seq: (await this.#views.whenApplied(xid, 30_000)).seq });
				} catch (error) {
					await client.query('ROLLBACK');
					if (!['55P03', '40P01'].includes((error as { code?: string }).code ?? '')) throw error;
				}
				await sleep(Math.random() * 6);
			}
		} finally {
			await client.end();
		}
	}

	/** A snapshot that is of the generation that was found before: otherwise another is taken. */
	async #read(place: Place, kept: Kept): Promise<Reader> {
		const { program } = kept.spec;
		const text = renderSql(program.read, { data: place.schema, state: place.stateSchema });
		for (;;) {
			const view = await this.#find(place, kept);
			const reader = await this.#views.snapshot(view, async (client, at) => {
				const { rows } = await client.query<TextRow>({ text, types: asText });
				return { kept, view, seq: at.seq, rows: rows.map(({ _key, ...row }) => [_key!, row] as const) };
			});
			const { rows } = await this.#superuser.query(
				'SELECT FROM loam.view WHERE id = $1 AND generation = $2',
				[view.id, view.generation]
			);
			if (rows.length > 0) return reader;
		}
	}

	async #find(place: Place, { view, spec }: Kept): Promise<LiveView> {
		const found = this.#views.find(place, spec.hash);
		if (found) return found;
		const { rows } = await this.#db.app.query<{ state: string; error: string | null }>(
			'SELECT state, error FROM loam.view WHERE installation_id = $1 AND hash = $2',
			[place.id, spec.hash]
		);
		throw new ViewFailure(view, `it is ${rows[0]?.state ?? 'gone'}: ${rows[0]?.error}`, undefined);
	}

	/** Nobody is told too early. */
	async #checkTold(told: readonly Told[], view: ModelView): Promise<void> {
		for (const { xid, seq } of told) {
			const { rows } = await this.#superuser.query<{ seq: string }>(
				`SELECT seq::text AS seq FROM observed.positions AS p
				  WHERE pg_visible_in_snapshot($1::text::xid8, snapshot) AND EXISTS (SELECT FROM observed.writes WHERE xid = $1::text::xid8)
				  ORDER BY p.n LIMIT 1`,
				[xid.toString()]
			);
			const first = rows[0] && BigInt(rows[0].seq);
			if (first !== undefined && first > seq)
				throw new ViewFailure(
					view,
					`transaction ${xid} was said to be applied at ${seq}, and was at ${first}`,
					undefined
				);
		}
	}

	/** By number; without a gap in the numbers or in what they count. */
	async #journal(from: bigint): Promise<Map<bigint, JournalRow[]>> {
		const rows = await this.#views.journal({ seq: from }, 10_000_000);
		const bySeq = Map.groupBy(rows, ({ seq }) => seq);
		let expected = from;
		for (const [seq, batch] of bySeq) {
			if (seq !== ++expected) throw new Error(`the journal has ${seq} after ${expected - 1n}`);
			for (const [index, { op }] of batch.entries())
				if (op !== index) throw new Error(`the journal has ${seq}_${op} where ${seq}_${index} should be`);
		}
		if (expected !== this.#views.position().seq) throw new Error('the journal ends before the position');
		return bySeq;
	}

	async #verify(
		readers: readonly Reader[],
		positions: readonly ObservedPosition[],
		journal: ReadonlyMap<bigint, readonly JournalRow[]>,
		from: bigint
	): Promise<void> {
		const waiting = new Set(readers);
		const following = new Map<Reader, JournalReplica>();
		let last = from;
		for (const { seq, generations, writes } of positions) {
			if (writes.length > 0) await this.#superuser.query(replaySql(writes));
			if (seq !== last && seq !== last + 1n) throw new Error(`position ${seq} follows ${last}`);
			const rows = seq > last ? (journal.get(seq) ?? []) : [];
			last = seq;
			for (const [reader, replica] of following) {
				const { id, generation } = reader.view;
				if (generations[id] === generation) follow(reader, replica, rows, writes);
				else following.delete(reader);
			}
			for (const reader of waiting) {
				if (reader.seq !== seq || generations[reader.view.id] !== reader.view.generation) continue;
				waiting.delete(reader);
				following.set(reader, new JournalReplica(reader.rows));
			}
			for (const [kept, replicas] of byKept(following)) await this.#compare(kept, replicas, seq);
			if (following.size > 0) this.#report.positions++;
		}
		const [left] = waiting;
		if (left) throw new ViewFailure(left.kept.view, `position ${left.seq} of a reader never was`, undefined);
	}

	async #compare(
		{ view, sql, spec, constructs }: Kept,
		replicas: readonly JournalReplica[],
		seq: bigint
	): Promise<void> {
		const { rows } = await this.#superuser.query<(string | null)[]>({
			text: sql,
			types: asText,
			rowMode: 'array'
		});
		const truth = rows
			.map((row) => JSON.stringify(row))
			.sort()
			.join();
		for (const replica of replicas) {
			const held = [...replica.rows.values()];
			const mine = held.map((row) => JSON.stringify(spec.columns.map(({ name }) => row[name])));
			if (mine.sort().join() === truth) continue;
			const unequal = await unequalRows(this.#superuser, spec.columns, held, sql);
			if (unequal.length > 0)
				throw new ViewFailure(view, `rows differ at position ${seq}:\n${unequal.join('\n')}`, undefined);
		}
		this.#report.checked(constructs);
	}
}

/** The view's journal rows of one batch; they name the transactions that they are made of (rule 6). */
function follow(
	{ kept, view }: Reader,
	replica: JournalReplica,
	rows: readonly JournalRow[],
	writes: readonly ObservedWrite[]
): void {
	const own = rows.filter((row) => row.view === view.id);
	if (own.length === 0) return;
	try {
		for (const row of own) replica.apply(row);
	} catch (error) {
		throw new ViewFailure(kept.view, (error as Error).message, undefined);
	}
	const tables = new Set(kept.spec.sources.map(({ table }) => table));
	const expected = new Set(writes.filter(({ source }) => tables.has(source)).map(({ xid }) => xid));
	const named = new Set(own.flatMap(({ txids }) => txids));
	if (expected.size !== named.size || [...named].some((xid) => !expected.has(xid)))
		throw new ViewFailure(
			kept.view,
			`its rows are said to be of ${[...named]}, and are of ${[...expected]}`,
			undefined
		);
}

function byKept(following: ReadonlyMap<Reader, JournalReplica>): Map<Kept, JournalReplica[]> {
	const found = new Map<Kept, JournalReplica[]>();
	for (const [{ kept }, replica] of following) found.set(kept, [...(found.get(kept) ?? []), replica]);
	return found;
}

/** Statements of a transaction; what a constraint refuses is left out. */
function attempts(transaction: Transaction, tables: Case['tables']): string[] {
	return transactionSql(transaction, tables).map((sql) =>
		/^(SAVEPOINT|RELEASE|ROLLBACK)/.test(sql) ? sql : `SELECT observed.attempt($loam$${sql}$loam$)`
	);
}
