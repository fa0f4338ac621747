import { quote, snakeCase } from '#engine/schema';
import { nextNumber } from '../files/templates.ts';

export interface WantedIndex {
	readonly table: string;
	readonly columns: readonly string[];
}

/** A file of migrations/ that makes indexes: one that the draft has already, or the next. */
export interface IndexMigration {
	readonly path: string;
	readonly sql: string;
	readonly isThere: boolean;
}

export function indexMigration(
	wanted: readonly WantedIndex[],
	files: ReadonlyMap<string, string>
): IndexMigration {
	const statements = wanted.map(
		({ table, columns }) => `CREATE INDEX ON ${quote(table)} (${columns.map(quote).join(', ')});`
	);
	const sql = `${statements.join('\n')}\n`;
	const there = [...files].find(
		([path, text]) => path.startsWith('migrations/') && statements.every((one) => text.includes(one))
	);
	if (there) return { path: there[0], sql: there[1], isThere: true };
	return { path: `migrations/${nextNumber([...files.keys()])}_${titleOf(wanted)}.sql`, sql, isThere: false };
}

/** `index_tickets_project_id`, short enough for a file's name. */
function titleOf(wanted: readonly WantedIndex[]): string {
	const [first] = wanted;
	const name = wanted.length === 1 ? `index_${first!.table}_${first!.columns.join('_')}` : 'indexes';
	return snakeCase(name)
		.replace(/[^a-z0-9_]/g, '')
		.slice(0, 60);
}
