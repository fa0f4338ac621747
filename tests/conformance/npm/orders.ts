import pg from 'pg';

/** The tables that these tests write, in the schema that the bridge serves. */
export const schema = process.env['LOAM_SUITE_SCHEMA']!;
export const shapeUrl = `${process.env['ELECTRIC_URL']!}/v1/shape`;

export interface Order {
	readonly [column: string]: string | number | null;
	readonly id: number;
	readonly customer: string;
	readonly amount: number;
	readonly note: string | null;
}

export interface Orders {
	/** Runs statements as one transaction; its id. */
	write(...statements: string[]): Promise<number>;
	/** Resolves once every view of the server holds what a transaction did; the server's answer. */
	applied(txid: number): Promise<{ readonly seq: string }>;
	all(where?: string): Promise<Order[]>;
	end(): Promise<void>;
}

/** An empty `orders`. */
export async function openOrders(): Promise<Orders> {
	const client = new pg.Client({
		connectionString: process.env['LOAM_SUITE_DATABASE'],
		options: `-csearch_path=${schema}`
	});
	await client.connect();
	await client.query(
		'CREATE TABLE IF NOT EXISTS orders (id int PRIMARY KEY, customer text NOT NULL, amount int NOT NULL, note text)'
	);
	await client.query('DELETE FROM orders');
	return {
		async write(...statements) {
			await client.query('BEGIN');
			for (const statement of statements) await client.query(statement);
			const { rows } = await client.query<{ txid: string }>('SELECT pg_current_xact_id()::text AS txid');
			await client.query('COMMIT');
			return Number(rows[0]!.txid);
		},
		async applied(txid) {
			const url = new URL(`/v1/txid/${txid}`, shapeUrl);
			const response = await fetch(url, { headers: { authorization: 'Bearer someone' } });
			if (!response.ok) throw new Error(`${url.toString()} answered ${response.status}`);
			return (await response.json()) as { seq: string };
		},
		async all(where = 'true') {
			const { rows } = await client.query<Order>(
				`SELECT id, customer, amount, note FROM orders WHERE ${where} ORDER BY id`
			);
			return rows;
		},
		end: () => client.end()
	};
}

/** `count` orders from `first` on, of the customers a, b and c in turn. */
export function insertOrders(first: number, count: number): string {
	return `INSERT INTO orders SELECT n, substr('abc', 1 + n % 3, 1), n * 10, NULL
	          FROM generate_series(${first}, ${first + count - 1}) n`;
}
