import type { Diagnostic } from '#kernel';
import { allowedFunctions, columnTypes } from './guard-functions.ts';
import { collectFindings, type Findings } from './guard-findings.ts';
import { statementName } from './guard-statement.ts';
import { checkType, guardTree, parts, type GuardScope, type Tree } from './guard-walk.ts';
import { parseSql, syntaxDiagnostic } from './parse.ts';

/** A migration makes its tables as it goes: which of them exist Postgres tells, what they may be called we do. */
const anyTable: GuardScope = { tables: undefined, readOnly: new Set(['people', 'clock']) };

/** Expressions of defaults and checks look at no table. */
const noTable: GuardScope = { tables: new Set(), readOnly: new Set() };

/**
 * Finds everything in a migration that may not run: only CREATE TABLE, ALTER TABLE that adds, CREATE INDEX,
 * and INSERT, UPDATE, DELETE or MERGE for data are let through. Nothing found: it may run as the owner.
 */
export async function guardMigration(text: string, file: string): Promise<Diagnostic[]> {
	if (!/\S/.test(text)) return [];
	const outcome = await parseSql(text);
	if (!outcome.ok) return [syntaxDiagnostic(file, text, outcome.error)];
	const findings = collectFindings(outcome.parsed, file);
	for (const raw of outcome.parsed.statements) {
		const tree = (raw.stmt ?? {}) as Tree;
		const tag = Object.keys(tree)[0] ?? '';
		findings.passing(firstToken(text, outcome.parsed.offsetOf(raw.stmt_location), raw.stmt_location ?? 0));
		const check = checks[tag];
		if (check) check(tree[tag] as Tree, findings, tree);
		else refuseStatement(tag, tree[tag] as Tree, findings);
	}
	return findings.list;
}

/** A statement's location is where the one before it ended; its first word comes after white space and comments. */
function firstToken(text: string, offset: number, location: number): number {
	const skipped = /^(?:\s|--[^\n]*(?:\n|$)|\/\*[^]*?\*\/)*/.exec(text.slice(offset))![0];
	return location + new TextEncoder().encode(skipped).length;
}

type Check = (statement: Tree, findings: Findings, tagged: Tree) => void;

const checkData: Check = (_statement, findings, tagged) => guardTree(tagged, anyTable, findings);

const checks: Readonly<Record<string, Check>> = {
	CreateStmt: checkCreateTable,
	AlterTableStmt: checkAlterTable,
	IndexStmt: checkIndex,
	InsertStmt: checkData,
	UpdateStmt: checkData,
	DeleteStmt: checkData,
	MergeStmt: checkData
};

const insteadOf: Readonly<Record<string, string>> = {
	SelectStmt: 'A SELECT changes nothing; put it into views/ if pages are to read it.',
	ViewStmt: 'Put the SELECT into views/name.sql; it is kept up to date by the platform.',
	CreateTableAsStmt: 'CREATE TABLE with its columns, then INSERT … SELECT.',
	CreateFunctionStmt: 'Write the logic as a handler in logic/.',
	DoStmt: 'Write plain INSERT, UPDATE and DELETE.',
	CreateTrigStmt: 'Write the logic as a handler in logic/.',
	RuleStmt: 'Write the logic as a handler in logic/.',
	CreateEnumStmt: 'Declare an enum in schema.proto; its column is text with a CHECK.',
	CompositeTypeStmt: 'Use a nested message in schema.proto; its column is jsonb.',
	CreateDomainStmt: 'Use the plain type with a CHECK.',
	CreateSeqStmt: 'Keys are uuid with DEFAULT uuidv7().',
	GrantStmt: 'Who may read and call what stands under "access" in module.json.',
	TruncateStmt: 'Use DELETE.',
	TransactionStmt: 'All migrations of a release run in one transaction already.',
	DropStmt: 'Leave it for now: the release before this one still reads it. Stop using it instead.',
	RenameStmt: 'Add the new one and copy the data; leave the old one in place.',
	VariableSetStmt: 'Leave the setting out; the platform sets what is needed.',
	CopyStmt: 'Use INSERT, or rows in seeds/.'
};

function refuseStatement(tag: string, statement: Tree | undefined, findings: Findings): void {
	const index = tag === 'DropStmt' && statement?.['removeType'] === 'OBJECT_INDEX';
	findings.refuse(
		undefined,
		'MIGRATION_NOT_ALLOWED',
		`${tag === 'SelectStmt' ? 'SELECT' : statementName(tag)} cannot stand in a migration.`,
		index
			? 'Leave the index in place for now.'
			: (insteadOf[tag] ??
					'Use CREATE TABLE, ALTER TABLE … ADD, CREATE INDEX, or INSERT, UPDATE and DELETE for data.')
	);
}

/** Its own name, or one that it refers to. */
function checkName(relation: Tree, findings: Findings): void {
	const name = relation['relname'] as string;
	const location = relation['location'] as number | undefined;
	if (relation['schemaname'] !== undefined || relation['catalogname'] !== undefined) {
		findings.refuse(
			location,
			'SQL_NAME_QUALIFIED',
			`"${name}" is named with a schema.`,
			'Name tables plainly: they stand in the schema of the installation.'
		);
	} else if (!/^[a-z][a-z0-9_]{0,62}$/.test(name) || /^pg_/.test(name)) {
		findings.refuse(
			location,
			'MIGRATION_NAME',
			`A table cannot be named "${name}".`,
			'Use lower-case letters, digits and underscores, a letter first, and no pg_ in front.'
		);
	} else if (name === 'people') {
		findings.refuse(
			location,
			'SQL_READ_ONLY',
			'The table people is kept by the platform.',
			"Keep the person's id in a uuid column and join people in a view."
		);
	} else if (name === 'clock') {
		findings.refuse(
			location,
			'SQL_READ_ONLY',
			'The table clock is kept by the platform.',
			'Read it in a view.'
		);
	}
}

function checkCreateTable(statement: Tree, findings: Findings): void {
	const relation = statement['relation'] as Tree;
	const location = relation['location'] as number | undefined;
	findings.passing(location);
	checkName(relation, findings);
	if (relation['relpersistence'] !== 'p') {
		findings.refuse(
			location,
			'MIGRATION_TABLE',
			'A table must be logged: neither TEMPORARY nor UNLOGGED.',
			'Write CREATE TABLE.'
		);
	}
	for (const [field, words] of Object.entries(refusedTableParts)) {
		if (statement[field] === undefined) continue;
		findings.refuse(
			location,
			'MIGRATION_TABLE',
			`${words} cannot be used here.`,
			'Write the table with its columns and constraints alone.'
		);
	}
	const elements = (statement['tableElts'] ?? []) as Tree[];
	for (const element of elements) {
		if (element['ColumnDef']) checkColumn(element['ColumnDef'] as Tree, findings);
		else if (element['Constraint']) checkConstraint(element['Constraint'] as Tree, findings, 'table');
		else findings.refuse(location, 'MIGRATION_TABLE', 'LIKE cannot be used here.', 'Write the columns.');
	}
	if (!elements.some(holdsPrimaryKey)) {
		findings.refuse(
			location,
			'MIGRATION_NO_KEY',
			`The table "${String(relation['relname'])}" has no primary key.`,
			'Give it one: id uuid PRIMARY KEY DEFAULT uuidv7().'
		);
	}
}

const refusedTableParts: Readonly<Record<string, string>> = {
	inhRelations: 'INHERITS and PARTITION OF',
	partspec: 'PARTITION BY',
	partbound: 'PARTITION OF',
	ofTypename: 'OF type',
	options: 'WITH (…)',
	tablespacename: 'TABLESPACE',
	accessMethod: 'USING'
};

function holdsPrimaryKey(element: Tree): boolean {
	const constraints = element['ColumnDef']
		? (((element['ColumnDef'] as Tree)['constraints'] ?? []) as Tree[]).map(
				(item) => item['Constraint'] as Tree
			)
		: [element['Constraint'] as Tree | undefined];
	return constraints.some((constraint) => constraint?.['contype'] === 'CONSTR_PRIMARY');
}

const columnFields: ReadonlySet<string> = new Set([
	'colname',
	'typeName',
	'is_local',
	'constraints',
	'location',
	'inhcount',
	'collClause'
]);

function checkColumn(column: Tree, findings: Findings): void {
	const location = column['location'] as number | undefined;
	findings.passing(location);
	const type = column['typeName'] as Tree | undefined;
	if (type) checkColumnType(type, findings);
	for (const field of Object.keys(column)) {
		if (columnFields.has(field)) continue;
		findings.refuse(
			location,
			'MIGRATION_COLUMN',
			`The column "${String(column['colname'])}" has a part that cannot be used here (${field}).`,
			'Give it a type, a DEFAULT, NOT NULL, CHECK, UNIQUE or REFERENCES.'
		);
	}
	if (column['collClause']) guardTree({ CollateClause: column['collClause'] }, noTable, findings);
	for (const item of (column['constraints'] ?? []) as Tree[]) {
		checkConstraint(item['Constraint'] as Tree, findings, 'column');
	}
}

function checkColumnType(type: Tree, findings: Findings): void {
	const name = parts(type['names']).at(-1);
	if (name === 'serial' || name === 'bigserial' || name === 'smallserial') {
		findings.refuse(
			type['location'] as number,
			'SQL_TYPE',
			`The type ${name} cannot be used here.`,
			'For a key use uuid DEFAULT uuidv7().'
		);
		return;
	}
	checkType(type, columnTypes, findings);
	if (((type['arrayBounds'] ?? []) as unknown[]).length > 1) {
		findings.refuse(
			type['location'] as number,
			'SQL_TYPE',
			'Arrays have one dimension here.',
			'Use jsonb for more.'
		);
	}
}

function checkConstraint(constraint: Tree, findings: Findings, at: 'column' | 'table' | 'alter'): void {
	const location = constraint['location'] as number | undefined;
	findings.passing(location);
	if (constraint['deferrable'] || constraint['initdeferred']) refuseDeferrable(location, findings);
	switch (constraint['contype']) {
		case 'CONSTR_NULL':
		case 'CONSTR_NOTNULL':
		case 'CONSTR_UNIQUE':
		case 'CONSTR_ATTR_NOT_DEFERRABLE':
		case 'CONSTR_ATTR_IMMEDIATE':
			return;
		case 'CONSTR_PRIMARY':
			checkPrimaryKey(constraint, findings, at);
			return;
		case 'CONSTR_DEFAULT':
			guardTree(constraint['raw_expr'], noTable, findings);
			return;
		case 'CONSTR_CHECK':
			guardTree(constraint['raw_expr'], noTable, findings);
			refuseClocks(constraint['raw_expr'], findings);
			return;
		case 'CONSTR_FOREIGN':
			checkName(constraint['pktable'] as Tree, findings);
			return;
		case 'CONSTR_ATTR_DEFERRABLE':
		case 'CONSTR_ATTR_DEFERRED':
			refuseDeferrable(location, findings);
			return;
		default:
			findings.refuse(
				location,
				'MIGRATION_CONSTRAINT',
				'This constraint cannot be used here.',
				'Use PRIMARY KEY, NOT NULL, DEFAULT, CHECK, UNIQUE or REFERENCES.'
			);
	}
}

/** Its name stays the one that Postgres gives, by which a DROP CONSTRAINT of it is known. */
function checkPrimaryKey(constraint: Tree, findings: Findings, at: 'column' | 'table' | 'alter'): void {
	const location = constraint['location'] as number | undefined;
	if (at === 'alter') {
		findings.refuse(
			location,
			'MIGRATION_CONSTRAINT',
			'The primary key of a table that exists cannot be changed.',
			'Declare it in CREATE TABLE.'
		);
	} else if (constraint['conname'] !== undefined) {
		findings.refuse(
			location,
			'MIGRATION_CONSTRAINT',
			'A primary key cannot have a name of its own.',
			'Write PRIMARY KEY without CONSTRAINT name.'
		);
	}
}

function refuseDeferrable(location: number | undefined, findings: Findings): void {
	findings.refuse(
		location,
		'MIGRATION_CONSTRAINT',
		'Constraints cannot be DEFERRABLE.',
		'Write rows in an order that holds at each statement.'
	);
}

/** A CHECK that depends on the time or on chance says nothing about the rows that are there. */
function refuseClocks(expression: unknown, findings: Findings): void {
	if (Array.isArray(expression)) {
		for (const item of expression) refuseClocks(item, findings);
		return;
	}
	if (expression === null || typeof expression !== 'object') return;
	for (const [key, child] of Object.entries(expression as Tree)) {
		const location = (child as Tree | null)?.['location'] as number | undefined;
		if (key === 'SQLValueFunction') refuseClock(location, findings);
		if (key === 'FuncCall') {
			const volatility = allowedFunctions[parts((child as Tree)['funcname']).at(-1) ?? ''];
			if (volatility === 'stable' || volatility === 'volatile') refuseClock(location, findings);
		}
		refuseClocks(child, findings);
	}
}

function refuseClock(location: number | undefined, findings: Findings): void {
	findings.refuse(
		location,
		'MIGRATION_CONSTRAINT',
		'A CHECK cannot depend on the time or on chance.',
		'Check it in the handler that writes the row.'
	);
}

function checkAlterTable(statement: Tree, findings: Findings): void {
	const relation = statement['relation'] as Tree;
	findings.passing(relation['location'] as number | undefined);
	checkName(relation, findings);
	if (statement['objtype'] !== 'OBJECT_TABLE') {
		findings.refuse(undefined, 'MIGRATION_NOT_ALLOWED', 'Only tables can be altered.', 'Write ALTER TABLE.');
		return;
	}
	for (const item of (statement['cmds'] ?? []) as Tree[])
		checkAlteration(item['AlterTableCmd'] as Tree, findings);
}

function checkAlteration(command: Tree, findings: Findings): void {
	const subtype = String(command['subtype']);
	const def = command['def'] as Tree | undefined;
	switch (subtype) {
		case 'AT_AddColumn':
			checkColumn(def!['ColumnDef'] as Tree, findings);
			return;
		case 'AT_AddConstraint':
			checkConstraint(def!['Constraint'] as Tree, findings, 'alter');
			return;
		case 'AT_ColumnDefault':
			if (def) guardTree(def, noTable, findings);
			return;
		case 'AT_DropNotNull':
		case 'AT_SetNotNull':
		case 'AT_ValidateConstraint':
			return;
		case 'AT_DropConstraint':
			checkDropConstraint(command, findings);
			return;
		default: {
			const [what, instead] = refusedAlterations[subtype] ?? [
				`This form of ALTER TABLE (${subtype.replace('AT_', '')})`,
				'Add columns and constraints, or set defaults.'
			];
			findings.refuse(undefined, 'MIGRATION_NOT_ALLOWED', `${what} cannot stand in a migration.`, instead);
		}
	}
}

const refusedAlterations: Readonly<Record<string, readonly [string, string]>> = {
	AT_DropColumn: [
		'DROP COLUMN',
		'Leave the column for now: the release before this one still reads it. Make it optional and stop using it.'
	],
	AT_AlterColumnType: ['ALTER COLUMN … TYPE', 'Add a column of the new type and copy the data with UPDATE.'],
	AT_ChangeOwner: ['OWNER TO', 'Leave it out: tables belong to the installation.'],
	AT_EnableRowSecurity: ['ROW LEVEL SECURITY', 'Say who reads which rows under "access" in module.json.'],
	AT_ReplicaIdentity: ['REPLICA IDENTITY', 'Leave it out: the platform sets it.']
};

function checkDropConstraint(command: Tree, findings: Findings): void {
	const name = String(command['name']);
	if (name.endsWith('_pkey')) {
		findings.refuse(
			undefined,
			'MIGRATION_CONSTRAINT',
			'The primary key cannot be dropped.',
			'Keep it: views and live pages name rows by it.'
		);
	} else if (command['behavior'] === 'DROP_CASCADE') {
		findings.refuse(
			undefined,
			'MIGRATION_CONSTRAINT',
			'CASCADE cannot be used here.',
			'Drop the constraints one by one.'
		);
	}
}

const accessMethods: ReadonlySet<unknown> = new Set(['btree', 'gin', 'gist', 'brin', 'hash']);

const indexFields: ReadonlySet<string> = new Set([
	'idxname',
	'relation',
	'accessMethod',
	'indexParams',
	'indexIncludingParams',
	'whereClause',
	'unique',
	'nulls_not_distinct',
	'if_not_exists'
]);

function checkIndex(statement: Tree, findings: Findings): void {
	const relation = statement['relation'] as Tree;
	findings.passing(relation['location'] as number | undefined);
	checkName(relation, findings);
	if (statement['concurrent']) {
		findings.refuse(
			undefined,
			'MIGRATION_NOT_ALLOWED',
			'CREATE INDEX CONCURRENTLY cannot stand in a migration.',
			'Leave CONCURRENTLY out: a migration is one transaction.'
		);
	}
	for (const field of Object.keys(statement)) {
		if (indexFields.has(field) || field === 'concurrent') continue;
		findings.refuse(
			undefined,
			'MIGRATION_NOT_ALLOWED',
			`This part of CREATE INDEX (${field}) cannot be used here.`,
			'Name the table and its columns alone.'
		);
	}
	if (!accessMethods.has(statement['accessMethod'])) {
		findings.refuse(
			undefined,
			'MIGRATION_NOT_ALLOWED',
			`The index method ${String(statement['accessMethod'])} is not known.`,
			'Use btree or gin.'
		);
	}
	guardTree(statement['indexParams'], noTable, findings);
	guardTree(statement['indexIncludingParams'], noTable, findings);
	guardTree(statement['whereClause'], noTable, findings);
}
