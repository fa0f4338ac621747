import type { Diagnostic, Json } from '#kernel';
import { locate, type SeedRow, type Seeds } from '#engine/module';
import { inDependencyOrder, quote, type TableSpec } from '#engine/schema';
import type { Client } from '#platform/postgres';
import { isPostgresError } from './run-migrations.ts';

export const demoFile = 'seeds/demo.json';

/** A row that stands for a person of the project: `{"$person": 2}` is the third, and again from the first past the last. */
interface PersonMark {
	readonly $person: number;
}

/** Who is meant where a project has nobody yet and the column must hold somebody. */
const nobody = '00000000-0000-0000-0000-000000000000';

/**
 * Inserts the rows of seeds into the tables of `schema`, tables that are referenced first, inside the
 * caller's transaction; tables that hold rows already are left alone. Stops at the first refusal.
 */
export async function loadSeeds(
	client: Client,
	schema: string,
	tables: readonly TableSpec[],
	seeds: Seeds,
	source: { readonly file: string; readonly text: string },
	found: Diagnostic[]
): Promise<void> {
	const people = await client.query<{ id: string }>(
		`SELECT id FROM ${quote(schema)}.people ORDER BY name, id`
	);
	const ids = people.rows.map((row) => row.id);
	for (const table of inDependencyOrder(tables)) {
		const rows = Object.hasOwn(seeds, table.name) ? seeds[table.name] : undefined;
		if (!rows || rows.length === 0) continue;
		const target = `${quote(schema)}.${quote(table.name)}`;
		const { rowCount } = await client.query(`SELECT 1 FROM ${target} LIMIT 1`);
		if (rowCount) continue;
		try {
			await insertRows(client, target, table, rows, ids);
		} catch (error) {
			if (!isPostgresError(error)) throw error;
			found.push({
				severity: 'error',
				file: source.file,
				...locate(source.text, [table.name], 'key'),
				reason: 'SEEDS_REFUSED',
				message: `The rows of "${table.name}" do not fit: ${error.message}.`,
				...(error.detail ? { hint: error.detail } : {})
			});
			return;
		}
	}
}

/** Rows with the same columns go in one statement; a column that a row leaves out gets its default. */
async function insertRows(
	client: Client,
	target: string,
	table: TableSpec,
	rows: readonly SeedRow[],
	people: readonly string[]
): Promise<void> {
	const groups = new Map<string, SeedRow[]>();
	for (const row of rows) {
		const key = Object.keys(row).sort().join();
		groups.set(key, [...(groups.get(key) ?? []), row]);
	}
	for (const group of groups.values()) {
		const columns = table.columns.filter((column) => Object.hasOwn(group[0]!, column.name));
		const names = columns.map((column) => quote(column.name)).join(', ');
		const values = group.map((row) =>
			Object.fromEntries(columns.map(({ name, nullable }) => [name, valueOf(row[name]!, nullable, people)]))
		);
		await client.query(
			columns.length === 0
				? `INSERT INTO ${target} SELECT FROM jsonb_array_elements($1::jsonb)`
				: `INSERT INTO ${target} (${names}) SELECT ${names} FROM jsonb_populate_recordset(NULL::${target}, $1::jsonb)`,
			[JSON.stringify(values)]
		);
	}
}

function valueOf(value: Json, nullable: boolean, people: readonly string[]): Json {
	if (!isPersonMark(value)) return value;
	if (people.length === 0) return nullable ? null : nobody;
	return people[value.$person % people.length]!;
}

function isPersonMark(value: Json): value is Json & PersonMark {
	const mark = (value as Partial<PersonMark> | null)?.$person;
	return typeof mark === 'number' && Number.isInteger(mark) && mark >= 0;
}
