import { randomInt } from 'node:crypto';
import { messageEncoder, subsetBody, type OrderTerm, type SubsetQuery } from '#engine/shape';
import type { FilterEnv } from '#engine/filter';
import type { Client } from '#platform/postgres';
import type { Views } from '#core/views';
import { appliedSnapshot } from './applied-snapshot.ts';
import { errors } from './errors.ts';
import { filterFailure, isFilterFailure } from './filter-failure.ts';
import { ownFilter } from './resolve.ts';
import { shownKey } from './row-key.ts';
import { orderBy, queryText, rowOf, selectShape, type AskedFilter, type Statement } from './sql.ts';
import type { ResolvedShape, Subset } from './types.ts';

export interface SubsetLimits {
	/** Rows, and characters of JSON, of one answer. */
	readonly rows: number;
	readonly size: number;
	/** Milliseconds that Postgres may take. */
	readonly time: number;
}

export const subsetLimits: SubsetLimits = { rows: 50_000, size: 16 * 1024 * 1024, time: 15_000 };

const fetchRows = 2_000;

/**
 * Reads some rows of a shape. Their metadata is the snapshot of Postgres that the view itself shows, never
 * the one of now: a view lags behind its tables, and a client leaves out every change that it takes to be in
 * its rows already. Throws WHERE_INVALID, WHERE_FAILS, ORDER_INVALID, SUBSET_TOO_LARGE, SUBSET_TOO_SLOW, as
 * faults of the parameters.
 */
export async function readSubset(
	shape: ResolvedShape,
	query: SubsetQuery,
	views: Pick<Views, 'snapshot'>,
	limits: SubsetLimits = subsetLimits
): Promise<Subset> {
	const statement = selectSubset(shape, query);
	const mark = randomInt(1, 2 ** 31);
	try {
		return await views.snapshot(shape.view, async (client, at) => {
			const snapshot = await appliedSnapshot(client, shape.view);
			await client.query(`SET LOCAL statement_timeout = ${limits.time}`);
			const rows = await readRows(shape, statement, client, mark, limits);
			return { position: at.seq, body: Buffer.from(subsetBody({ snapshot, seq: at.seq, mark }, rows)) };
		});
	} catch (error) {
		throw asFault(error);
	}
}

function selectSubset(shape: ResolvedShape, query: SubsetQuery): Statement {
	const asked = query.where === undefined ? undefined : subsetFilter(shape, query.where, query.params);
	if (!query.order) return selectShape(shape, '', asked);
	const tail = [orderBy(readableOrder(shape, query.order))];
	if (query.limit !== undefined) tail.push(`LIMIT ${query.limit}`);
	if (query.offset !== undefined) tail.push(`OFFSET ${query.offset}`);
	return selectShape(shape, tail.join(' '), asked);
}

/** Only Postgres asks it, so it may order text as the database does. */
function subsetFilter(shape: ResolvedShape, where: string, params: FilterEnv['params']): AskedFilter {
	const field = 'subset__where';
	const filter = ownFilter(where, shape.view.spec, shape.readable, { field, databaseOrder: true });
	return { filter, env: { principal: shape.env.principal, params }, field: 'subset__params' };
}

function readableOrder(shape: ResolvedShape, order: readonly OrderTerm[]): readonly OrderTerm[] {
	const hidden = order.find(({ column }) => !shape.readable.includes(column));
	if (!hidden) return order;
	const field = 'subset__order_by';
	throw errors.ORDER_INVALID(`There is no readable column "${hidden.column}".`, { field });
}

async function readRows(
	shape: ResolvedShape,
	{ text, values }: Statement,
	client: Client,
	mark: number,
	limits: SubsetLimits
): Promise<string[]> {
	const encoder = messageEncoder(shape.relation);
	const fetch = { text: `FETCH ${fetchRows} FROM subset`, values: [] };
	const rows: string[] = [];
	let size = 0;
	await client.query({ text: `DECLARE subset NO SCROLL CURSOR FOR ${text}`, values });
	for (;;) {
		const lines = await queryText(client, fetch);
		for (const line of lines) {
			const row = encoder.row(shownKey(shape, line[0]!), rowOf(shape.columns, line), mark);
			rows.push(row);
			size += row.length;
			if (rows.length > limits.rows || size > limits.size) throw tooLarge(limits);
		}
		if (lines.length < fetchRows) return rows;
	}
}

function tooLarge({ rows, size }: SubsetLimits) {
	return errors.SUBSET_TOO_LARGE(
		`A subset has at most ${rows} rows and ${Math.floor(size / 2 ** 20)} MB. Ask for fewer, with order_by and limit.`,
		{ field: 'subset__limit' }
	);
}

/** Errors of Postgres that are the fault of what was asked. */
function asFault(error: unknown): unknown {
	if (isFilterFailure(error)) return filterFailure(error, 'subset__where');
	switch ((error as { code?: unknown }).code) {
		case '57014':
			return errors.SUBSET_TOO_SLOW(
				'The rows were not found in time. Ask for fewer, or add an index for this filter and order.',
				{ field: 'subset__where' },
				error
			);
		// No such operator; a collation for what is no text, or one that this server lacks.
		case '42883':
		case '42804':
		case '42704':
			return errors.ORDER_INVALID(
				'A column of this type has no such order.',
				{ field: 'subset__order_by' },
				error
			);
		default:
			return error;
	}
}
