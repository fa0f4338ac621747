import type { CatalogTable } from './catalog.ts';
import type { Choice } from './arbitrary-choice.ts';
import {
	arrayTypes,
	isArray,
	keysOf,
	literalOf,
	scalarTypes,
	valuesOf,
	type Type
} from './arbitrary-values.ts';

/** A table as an author's migration makes it. */
export interface ModelTable {
	readonly name: string;
	readonly columns: readonly ModelColumn[];
	/** Names of the primary key's columns. */
	readonly key: readonly string[];
	readonly references: readonly Reference[];
}

export interface ModelColumn {
	readonly name: string;
	readonly type: Type;
	readonly nullable: boolean;
	/** Texts that an insert or update chooses from, null among them where it may be; none: generated. */
	readonly values: readonly (string | null)[];
	/** Postgres computes it of the row's other columns. */
	readonly generated?: string;
	/** An enum: text with a CHECK. */
	readonly check?: readonly string[];
}

export interface Reference {
	readonly columns: readonly string[];
	/** Its primary key is meant. */
	readonly table: string;
	readonly onDelete: 'CASCADE' | 'SET NULL' | 'NO ACTION';
	readonly onUpdate: 'CASCADE' | 'NO ACTION';
}

export function catalogOf(tables: readonly ModelTable[]): CatalogTable[] {
	return tables.map(({ name, key, columns }) => ({
		name,
		key,
		columns: columns.map((column) => ({
			name: column.name,
			type: column.type.replace(/\[\]$/, ''),
			array: isArray(column.type),
			nullable: column.nullable
		}))
	}));
}

/** CREATE TABLE, in an order in which references exist. */
export function createTables(tables: readonly ModelTable[]): string[] {
	return tables.map((table) => {
		const lines = [
			...table.columns.map(columnSql),
			`PRIMARY KEY (${table.key.join(', ')})`,
			...table.references.map(referenceSql)
		];
		return `CREATE TABLE ${table.name} (${lines.join(', ')})`;
	});
}

function columnSql({ name, type, nullable, generated, check }: ModelColumn): string {
	const parts = [name, type];
	if (generated) parts.push(`GENERATED ALWAYS AS (${generated}) STORED`);
	if (!nullable) parts.push('NOT NULL');
	if (check) parts.push(`CHECK (${name} IN (${check.map((value) => literalOf('text', value)).join(', ')}))`);
	return parts.join(' ');
}

function referenceSql({ columns, table, onDelete, onUpdate }: Reference): string {
	return `FOREIGN KEY (${columns.join(', ')}) REFERENCES ${table} ON DELETE ${onDelete} ON UPDATE ${onUpdate}`;
}

const tableNames = ['projects', 'tickets', 'comments', 'labels'];

export function arbitrarySchema(choice: Choice): ModelTable[] {
	const tables: ModelTable[] = [];
	const count = choice.weighted([2, 1], [5, 2], [5, 3], [1, 4]);
	for (let index = 0; index < count; index++) tables.push(arbitraryTable(choice, tableNames[index]!, tables));
	return tables;
}

function arbitraryTable(choice: Choice, name: string, before: readonly ModelTable[]): ModelTable {
	const key = arbitraryKey(choice);
	const own = choice.times(choice.between(2, 5), (index) => arbitraryColumn(choice, index));
	const { columns: foreign, references } = arbitraryReferences(choice, name, key, before);
	const plain = [...key, ...foreign, ...own];
	const generated = choice.percent(20) ? [generatedColumn(choice, plain)] : [];
	return {
		name,
		// Keys need not come first.
		columns: choice.percent(25) ? choice.shuffled([...plain, ...generated]) : [...plain, ...generated],
		key: key.map((column) => column.name),
		references
	};
}

function arbitraryKey(choice: Choice): ModelColumn[] {
	const types = choice.weighted<readonly Type[]>(
		[5, ['integer']],
		[5, ['text']],
		[5, ['uuid']],
		[2, ['bigint']],
		[2, ['text', 'integer']],
		[2, ['uuid', 'date']],
		[1, ['integer', 'boolean', 'text']],
		[1, ['numeric']],
		[1, ['timestamptz']],
		[1, ['bytea', 'interval']]
	);
	return types.map((type, index) => ({
		name: types.length === 1 ? 'id' : `k${index}`,
		type,
		nullable: false,
		values: keysOf[type]!
	}));
}

function arbitraryColumn(choice: Choice, index: number): ModelColumn {
	if (choice.percent(12)) return enumColumn(choice, index);
	const type = choice.weighted<Type>(
		[3, 'integer'],
		[3, 'text'],
		[2, 'numeric'],
		[1, 'boolean'],
		[1, 'timestamptz'],
		[5, choice.pick(scalarTypes)],
		[1, choice.pick(arrayTypes)]
	);
	return { name: `c${index}_${shortName(type)}`, type, ...values(choice, valuesOf[type]!) };
}

function enumColumn(choice: Choice, index: number): ModelColumn {
	const check = ['OPEN', 'DONE', "WON'T"];
	return { name: `c${index}_state`, type: 'text', check, ...values(choice, check) };
}

function values(choice: Choice, texts: readonly string[]): Pick<ModelColumn, 'nullable' | 'values'> {
	const nullable = choice.percent(70);
	return { nullable, values: nullable ? [null, ...texts] : texts };
}

function shortName(type: Type): string {
	return type.replace('double precision', 'double').replace('[]', 's').replace('timestamptz', 'at');
}

/** Of columns that have a function of one text. */
function generatedColumn(choice: Choice, columns: readonly ModelColumn[]): ModelColumn {
	const of = choice.pick(columns);
	const made: Readonly<Record<Type, readonly [Type, string]>> = {
		integer: ['bigint', `${of.name}::bigint * 2`],
		text: ['integer', `length(${of.name})`],
		numeric: ['boolean', `${of.name} > 1`],
		uuid: ['text', `upper(${of.name}::text)`]
	};
	const [type, generated] = made[of.type] ?? ['boolean', `${of.name} IS NULL`];
	return { name: 'g', type, nullable: true, values: [], generated };
}

/** To tables that are there, and to itself. */
function arbitraryReferences(
	choice: Choice,
	name: string,
	key: readonly ModelColumn[],
	before: readonly ModelTable[]
): { columns: ModelColumn[]; references: Reference[] } {
	const columns: ModelColumn[] = [];
	const references: Reference[] = [];
	const refer = (target: string, parts: readonly ModelColumn[], isForeign: boolean) => {
		const nullable = choice.percent(75);
		const made = parts.map((part): ModelColumn => ({
			name: parts.length === 1 ? `${target}_id` : `${target}_${part.name}`,
			type: part.type,
			nullable,
			values: nullable ? [null, ...part.values] : part.values
		}));
		columns.push(...made);
		// Without a foreign key a reference may lead nowhere.
		if (!isForeign) return;
		references.push({
			columns: made.map((column) => column.name),
			table: target,
			onDelete: choice.weighted([3, 'CASCADE'], [2, nullable ? 'SET NULL' : 'CASCADE'], [1, 'NO ACTION']),
			onUpdate: choice.weighted([3, 'CASCADE'], [1, 'NO ACTION'])
		});
	};
	for (const target of choice.some(before, 60)) {
		refer(
			target.name,
			target.key.map((part) => target.columns.find((column) => column.name === part)!),
			choice.percent(60)
		);
	}
	if (choice.percent(20)) refer(name, key, choice.percent(60));
	return { columns, references };
}
