import { join } from 'node:path';

/** What of TanStack DB these tests use: it is installed when they run, so its types are not there to check against. */
interface Collection<Row> {
	readonly toArray: readonly Row[];
	readonly utils: { awaitTxId(txid: number, timeoutMs?: number): Promise<boolean> };
	preload(): Promise<void>;
	insert(row: Row): Transaction;
	update(key: number | string, change: (draft: Record<string, unknown>) => void): Transaction;
	delete(key: number | string): Transaction;
	cleanup(): Promise<void>;
}

interface Transaction {
	readonly isPersisted: { readonly promise: Promise<unknown> };
}

interface Mutation<Row> {
	readonly transaction: { readonly mutations: readonly { modified: Row; original: Row }[] };
}

type Handler<Row> = (mutation: Mutation<Row>) => Promise<{ txid: number }>;

export interface ElectricOptions<Row> {
	readonly id: string;
	readonly syncMode?: 'eager' | 'on-demand' | 'progressive';
	readonly shapeOptions: object;
	readonly getKey: (row: Row) => number | string;
	readonly onInsert?: Handler<Row>;
	readonly onUpdate?: Handler<Row>;
	readonly onDelete?: Handler<Row>;
}

interface Query {
	from(source: object): Query;
	where(condition: (row: never) => unknown): Query;
	orderBy(column: (row: never) => unknown, direction: 'asc' | 'desc'): Query;
	limit(count: number): Query;
}

interface Db {
	createCollection<Row>(options: object): Collection<Row>;
	createLiveQueryCollection<Row>(options: { query: (q: Query) => Query }): Collection<Row>;
	eq(one: unknown, other: unknown): unknown;
	gt(one: unknown, other: unknown): unknown;
	ilike(one: unknown, other: unknown): unknown;
}

const packages = join(process.env['LOAM_FOREIGN']!, 'node_modules/@tanstack');
export const db = (await import(join(packages, 'db/dist/esm/index.js'))) as Db;
const { electricCollectionOptions } = (await import(
	join(packages, 'electric-db-collection/dist/esm/index.js')
)) as { electricCollectionOptions(options: object): object };

export function electricCollection<Row>(options: ElectricOptions<Row>): Collection<Row> {
	return db.createCollection<Row>(electricCollectionOptions(options));
}
