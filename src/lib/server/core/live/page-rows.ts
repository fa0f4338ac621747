import {
	collationOf,
	compareRows,
	formatOffset,
	fullKey,
	journalOffset,
	parseOrderTerm,
	parseRow,
	pick,
	relationPrefix,
	type KeyedRow,
	type OrderTerm
} from '#engine/shape';
import type { JournalRow, Views } from '#core/views';
import { filterFailure, isFilterFailure } from './filter-failure.ts';
import { shownKey } from './row-key.ts';
import { newHandle } from './snapshots.ts';
import { orderBy, queryText, rowOf, selectShape } from './sql.ts';
import type { Tail } from './tail.ts';
import type { ReadOptions, ResolvedShape, ShapeRows } from './types.ts';

/** A page is given at most so many rows of a shape. */
export const rowCap = 1_000;
/** Rows of all shapes that are kept for the next page. */
const keptRows = 100_000;

/** The rows of one small shape, kept up with the journal when a page asks for them. */
interface KeptShape {
	readonly rows: Map<string, KeyedRow>;
	/** They are the shape as of this position. */
	position: bigint;
	/** By order, as long as no row changes. */
	readonly sorted: Map<string, readonly KeyedRow[]>;
}

type Source = Pick<Views, 'snapshot'>;

/** Rows for pages that are rendered on the server. A shape that was read before costs no query. */
export class PageRows {
	readonly #views: Source;
	readonly #tail: () => Tail;
	/** In order of their last use. */
	readonly #kept = new Map<string, KeptShape>();
	readonly #loading = new Map<string, Promise<KeptShape | undefined>>();
	#count = 0;

	constructor(views: Source, tail: () => Tail) {
		this.#views = views;
		this.#tail = tail;
	}

	/** `shape` is under `replica=full`. */
	async read(shape: ResolvedShape, options: ReadOptions): Promise<ShapeRows> {
		const order = (options.order ?? []).flatMap((text) => parseOrderTerm(text) ?? []);
		const known = order.filter((term) => shape.columns.includes(term.column));
		try {
			const kept = this.#current(shape) ?? (await this.#loadOnce(shape));
			if (!kept) return await readFirst(shape, this.#views, known);
			return answer(shape, kept.position, sort(kept, known, shape), true);
		} catch (error) {
			throw isFilterFailure(error) ? filterFailure(error, 'where') : error;
		}
	}

	/** The kept rows after all that happened since, where that is still in memory. */
	#current(shape: ResolvedShape): KeptShape | undefined {
		const kept = this.#kept.get(shape.hash);
		if (!kept) return undefined;
		const tail = this.#tail();
		const before = kept.rows.size;
		const isCurrent = kept.position >= tail.floor() && advance(kept, shape, tail);
		this.#count += kept.rows.size - before;
		if (!isCurrent) {
			this.#forget(shape.hash);
			return undefined;
		}
		this.#kept.delete(shape.hash);
		this.#kept.set(shape.hash, kept);
		return kept;
	}

	/** Pages that come at the same time wait for the same query. */
	#loadOnce(shape: ResolvedShape): Promise<KeptShape | undefined> {
		const loading = this.#loading.get(shape.hash) ?? this.#load(shape);
		this.#loading.set(shape.hash, loading);
		const done = () => this.#loading.delete(shape.hash);
		loading.then(done, done);
		return loading;
	}

	async #load(shape: ResolvedShape): Promise<KeptShape | undefined> {
		const { text, values } = selectShape(shape, `LIMIT ${rowCap + 1}`);
		const { lines, position } = await this.#views.snapshot(shape.view, async (client, at) => ({
			lines: await queryText(client, { text, values }),
			position: at.seq
		}));
		if (lines.length > rowCap) return undefined;
		const rows = new Map(toRows(shape, lines).map((row) => [row.key, row]));
		const kept = { rows, position, sorted: new Map<string, readonly KeyedRow[]>() };
		this.#forget(shape.hash);
		this.#kept.set(shape.hash, kept);
		this.#count += rows.size + 1;
		for (const hash of this.#kept.keys()) {
			if (this.#count <= keptRows || hash === shape.hash) break;
			this.#forget(hash);
		}
		return kept;
	}

	#forget(hash: string): void {
		const kept = this.#kept.get(hash);
		if (!kept) return;
		this.#kept.delete(hash);
		this.#count -= kept.rows.size + 1;
	}
}

/** Applies the view's changes since; false where the shape outgrew the cap, or its filter has no answer. */
function advance(kept: KeptShape, shape: ResolvedShape, tail: Tail): boolean {
	const changes = tail.recent(shape.view.id, kept.position);
	try {
		for (const change of changes) apply(kept, shape, change);
	} catch (error) {
		if (isFilterFailure(error)) return false;
		throw error;
	}
	const position = tail.position();
	if (position > kept.position) kept.position = position;
	return kept.rows.size <= rowCap;
}

function apply(kept: KeptShape, shape: ResolvedShape, change: JournalRow): void {
	const key = fullKey(relationPrefix(shape.relation), shownKey(shape, change.key));
	if (change.new !== null && shape.includes(change.new)) {
		kept.rows.set(key, { key, value: parseRow(pick(change.new, shape.columns), shape.schema) });
		kept.sorted.clear();
	} else if (kept.rows.delete(key)) kept.sorted.clear();
}

function sort(kept: KeptShape, order: readonly OrderTerm[], shape: ResolvedShape): readonly KeyedRow[] {
	const name = JSON.stringify(order);
	const found = kept.sorted.get(name);
	if (found) return found;
	const sorted = [...kept.rows.values()].sort(compareRows(order, shape.schema));
	kept.sorted.set(name, sorted);
	return sorted;
}

/** The first rows of a shape that is too large to be kept. */
async function readFirst(
	shape: ResolvedShape,
	views: Source,
	order: readonly OrderTerm[]
): Promise<ShapeRows> {
	const terms = order.map((term) => {
		const collation = collationOf(shape.schema[term.column]);
		return collation === undefined ? term : { ...term, collation };
	});
	const tail = `${orderBy(terms)} LIMIT ${rowCap}`;
	const { lines, position } = await views.snapshot(shape.view, async (client, at) => ({
		lines: await queryText(client, selectShape(shape, tail)),
		position: at.seq
	}));
	return answer(shape, position, toRows(shape, lines), lines.length < rowCap);
}

function toRows(shape: ResolvedShape, lines: readonly (string | null)[][]): KeyedRow[] {
	const prefix = relationPrefix(shape.relation);
	return lines.map((line) => ({
		key: fullKey(prefix, shownKey(shape, line[0]!)),
		value: parseRow(rowOf(shape.columns, line), shape.schema)
	}));
}

function answer(
	shape: ResolvedShape,
	position: bigint,
	rows: readonly KeyedRow[],
	complete: boolean
): ShapeRows {
	return {
		rows,
		handle: newHandle(shape, position),
		offset: formatOffset(journalOffset(position)),
		schema: shape.schema,
		complete
	};
}
