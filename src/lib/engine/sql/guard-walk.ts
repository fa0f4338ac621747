import { allowedFunctions, allowedOperators, allowedTypes } from './guard-functions.ts';
import type { Findings } from './guard-findings.ts';

/** The relations that a statement may name. */
export interface GuardScope {
	/** Read and written; undefined: any plain name (a migration makes its tables itself). */
	readonly tables: ReadonlySet<string> | undefined;
	/** Read only: `people`. */
	readonly readOnly: ReadonlySet<string>;
}

/** A node of the parser's tree, as plain data: `{SelectStmt: {…}}`, or without its tag where a field has one type. */
export type Tree = Readonly<Record<string, unknown>>;

/**
 * Nodes without a tag get theirs from the field that holds them. What stands in neither table is
 * refused: a new kind of node in a later Postgres is refused until somebody has looked at it.
 */
const tagOfField: Readonly<Record<string, string>> = {
	typeName: 'TypeName',
	relation: 'RangeVar',
	withClause: 'WithClause',
	onConflictClause: 'OnConflictClause',
	returningClause: 'ReturningClause',
	infer: 'InferClause',
	over: 'WindowDef',
	alias: 'Alias',
	larg: 'SelectStmt',
	rarg: 'SelectStmt',
	join_using_alias: 'Alias',
	ival: 'Integer',
	fval: 'Float',
	boolval: 'Boolean',
	sval: 'String',
	bsval: 'BitString'
};

const expressions = [
	'A_Const A_Expr A_ArrayExpr A_Indirection A_Indices A_Star Alias BoolExpr BooleanTest CaseExpr CaseWhen CoalesceExpr',
	'CollateClause ColumnRef ParamRef FuncCall GroupingFunc GroupingSet JoinExpr List MinMaxExpr NullTest',
	'RangeSubselect RangeFunction RangeVar ResTarget RowExpr SetToDefault SortBy SQLValueFunction String Integer Float',
	'Boolean BitString SubLink TypeCast TypeName WindowDef WithClause CommonTableExpr MultiAssignRef OnConflictClause',
	'InferClause IndexElem ReturningClause ReturningOption LockingClause MergeWhenClause MergeSupportFunc'
];

const statements = ['SelectStmt', 'InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt'];

const allowedNodes: ReadonlySet<string> = new Set([
	...expressions.flatMap((line) => line.split(' ')),
	...statements
]);

/** Values that depend on nothing but the time; the others tell who is connected. */
const allowedValueFunctions =
	/^SVFOP_(CURRENT_DATE|CURRENT_TIME|CURRENT_TIMESTAMP|LOCALTIME|LOCALTIMESTAMP)(_N)?$/;

const systemColumns: ReadonlySet<string> = new Set(['tableoid', 'xmin', 'xmax', 'cmin', 'cmax', 'ctid']);

/** These can make a gigabyte of two small arguments. */
const lengthArgument: Readonly<Record<string, number>> = { repeat: 1, lpad: 1, rpad: 1, array_fill: 1 };
const maxLengthArgument = 10_000;

/** Walks a statement or an expression and reports everything that a tenant may not say. */
export function guardTree(tree: unknown, scope: GuardScope, findings: Findings): void {
	walk(tree, undefined, new Set(), { scope, findings });
}

interface Guard {
	readonly scope: GuardScope;
	readonly findings: Findings;
}

type Names = ReadonlySet<string>;

function walk(value: unknown, field: string | undefined, ctes: Names, guard: Guard): void {
	if (Array.isArray(value)) {
		for (const item of value) walk(item, undefined, ctes, guard);
		return;
	}
	if (value === null || typeof value !== 'object') return;
	const tree = value as Tree;
	const [first] = Object.keys(tree);
	if (first === undefined) return;
	if (/^[A-Z]/.test(first)) node(first, tree[first] as Tree, ctes, guard);
	else node(tagOfField[field ?? ''] ?? `.${field}`, tree, ctes, guard);
}

function node(tag: string, tree: Tree, outer: Names, guard: Guard): void {
	const { findings } = guard;
	findings.passing(tree['location'] as number | undefined);
	if (!allowedNodes.has(tag)) {
		refuseNode(tag, tree, findings);
		return;
	}
	const ctes = statements.includes(tag) ? withNames(tree, outer, findings) : outer;
	checks[tag]?.(tree, ctes, guard);
	for (const [field, child] of Object.entries(tree)) {
		// A target is no reference to a CTE; its check has been made.
		if (field === 'relation' && statements.includes(tag)) continue;
		// They name what stands in FROM, by its alias.
		if (field === 'lockedRels') continue;
		walk(child, field, ctes, guard);
	}
}

function refuseNode(tag: string, tree: Tree, findings: Findings): void {
	const said = refusedNodes[tag];
	findings.refuse(
		tree['location'] as number | undefined,
		'SQL_NOT_ALLOWED',
		`${said?.[0] ?? sqlWords(tag)} cannot be used here.`,
		said?.[1] ?? 'Use plain SELECT, INSERT, UPDATE, DELETE or MERGE over the tables of the module.'
	);
}

const refusedNodes: Readonly<Record<string, readonly [string, string]>> = {
	'.intoClause': [
		'SELECT INTO',
		'Declare the table as a message in schema.proto and create it in a migration.'
	],
	XmlExpr: ['XML', 'Use jsonb.'],
	RangeTableSample: ['TABLESAMPLE', 'Use ORDER BY random() LIMIT n.'],
	JsonObjectConstructor: ['JSON_OBJECT', 'Use jsonb_build_object(…).'],
	JsonArrayConstructor: ['JSON_ARRAY', 'Use jsonb_build_array(…).'],
	CurrentOfExpr: ['WHERE CURRENT OF', 'Name the row by its key.'],
	NamedArgExpr: ['Named arguments (name => value)', 'Give the arguments in their order.']
};

/** `CreateTrigStmt` -> `This form of SQL (CreateTrigStmt)`: rare enough to name by the parser's word. */
function sqlWords(tag: string): string {
	return `This form of SQL (${tag.replace(/^\./, '')})`;
}

/** Names that the statement's WITH makes, added to those of the statements around it. */
function withNames(tree: Tree, outer: Names, findings: Findings): Names {
	const clause = tree['withClause'] as
		{ ctes?: { CommonTableExpr: { ctename: string; location?: number } }[] } | undefined;
	if (!clause?.ctes) return outer;
	const names = new Set(outer);
	for (const { CommonTableExpr: cte } of clause.ctes) {
		// Such a name could stand for a catalog where the CTE is out of reach.
		if (/^(pg_|_)/i.test(cte.ctename)) {
			findings.refuse(
				cte.location,
				'SQL_NAME_RESERVED',
				`A WITH query cannot be named "${cte.ctename}".`,
				'Choose a name that does not begin with pg_ or _.'
			);
		}
		names.add(cte.ctename);
	}
	return names;
}

type Check = (tree: Tree, ctes: Names, guard: Guard) => void;

const checks: Readonly<Record<string, Check>> = {
	RangeVar: (tree, ctes, guard) => {
		const name = tree['relname'] as string;
		if (unqualified(tree, guard) && !ctes.has(name)) readable(tree, guard);
	},
	InsertStmt: checkTarget,
	UpdateStmt: checkTarget,
	DeleteStmt: checkTarget,
	MergeStmt: checkTarget,
	FuncCall: checkFunction,
	TypeName: (tree, _ctes, { findings }) => checkType(tree, allowedTypes, findings),
	A_Expr: checkOperator,
	SortBy: (tree, ctes, guard) => checkOperator({ ...tree, name: tree['useOp'] }, ctes, guard),
	SubLink: (tree, ctes, guard) => checkOperator({ ...tree, name: tree['operName'] }, ctes, guard),
	SQLValueFunction: (tree, _ctes, { findings }) => {
		if (allowedValueFunctions.test(tree['op'] as string)) return;
		findings.refuse(
			tree['location'] as number,
			'SQL_NOT_ALLOWED',
			'Names of the connection cannot be asked for.',
			'In a handler use loam.principal.'
		);
	},
	ColumnRef: (tree, _ctes, { findings }) => {
		const names = parts(tree['fields']);
		const column = names.at(-1);
		if (names.length > 2) {
			findings.refuse(
				tree['location'] as number,
				'SQL_NAME_QUALIFIED',
				'Columns are named column or table.column.',
				'Leave the schema out.'
			);
		} else if (column !== undefined && systemColumns.has(column)) {
			findings.refuse(
				tree['location'] as number,
				'SQL_NOT_ALLOWED',
				`The system column ${column} cannot be used.`,
				'Use the key of the table.'
			);
		}
	},
	CollateClause: (tree, _ctes, { findings }) => {
		const names = parts(tree['collname']).filter((name) => name !== 'pg_catalog');
		if (names.length === 1 && ['C', 'default', 'ucs_basic', 'unicode', 'pg_c_utf8'].includes(names[0]!))
			return;
		findings.refuse(
			tree['location'] as number,
			'SQL_NOT_ALLOWED',
			'This collation cannot be used.',
			'Use COLLATE "C" or none.'
		);
	},
	LockingClause: (tree, _ctes, { findings }) => {
		if (tree['strength'] === 'LCS_FORUPDATE') return;
		findings.refuse(
			undefined,
			'SQL_NOT_ALLOWED',
			'Only FOR UPDATE can lock rows.',
			'Use FOR UPDATE, or no lock.'
		);
	},
	IndexElem: (tree, _ctes, { findings }) => {
		if (!tree['opclass'] && !tree['opclassopts']) return;
		findings.refuse(
			undefined,
			'SQL_NOT_ALLOWED',
			'Operator classes cannot be named.',
			'Leave the operator class out.'
		);
	}
};

function checkTarget(tree: Tree, _ctes: Names, guard: Guard): void {
	const relation = tree['relation'] as Tree;
	guard.findings.passing(relation['location'] as number);
	if (!unqualified(relation, guard)) return;
	const name = relation['relname'] as string;
	if (guard.scope.readOnly.has(name)) {
		guard.findings.refuse(
			relation['location'] as number,
			'SQL_READ_ONLY',
			`"${name}" can be read only.`,
			'It is kept by the platform; write to the tables of the module.'
		);
	} else {
		readable(relation, guard);
	}
}

function unqualified(relation: Tree, { findings }: Guard): boolean {
	if (relation['relpersistence'] !== undefined && relation['relpersistence'] !== 'p') {
		findings.refuse(
			relation['location'] as number,
			'SQL_NOT_ALLOWED',
			'Temporary and unlogged tables cannot be used.',
			'Declare a table of the module, or use WITH.'
		);
		return false;
	}
	if (relation['schemaname'] === undefined && relation['catalogname'] === undefined) return true;
	findings.refuse(
		relation['location'] as number,
		'SQL_NAME_QUALIFIED',
		`"${String(relation['schemaname'])}.${String(relation['relname'])}" names a schema.`,
		'Name the tables of the module plainly, without a schema.'
	);
	return false;
}

function readable(relation: Tree, { scope, findings }: Guard): void {
	const name = relation['relname'] as string;
	const known = scope.tables ? scope.tables.has(name) || scope.readOnly.has(name) : !/^(pg_|_)/i.test(name);
	if (known) return;
	findings.refuse(
		relation['location'] as number,
		'SQL_TABLE_UNKNOWN',
		`There is no table "${name}" in this module.`,
		scope.tables && scope.tables.size > 0
			? `Its tables are ${[...scope.tables, ...scope.readOnly].join(', ')}.`
			: 'Declare it as a message in schema.proto.'
	);
}

/** The one name that is left without `pg_catalog`; undefined where another schema is named. */
function plainName(names: readonly string[]): string | undefined {
	if (names.length === 1) return names[0];
	return names.length === 2 && names[0] === 'pg_catalog' ? names[1] : undefined;
}

function checkFunction(tree: Tree, _ctes: Names, { findings }: Guard): void {
	const names = parts(tree['funcname']);
	const name = plainName(names);
	const location = tree['location'] as number | undefined;
	if (name === undefined || !Object.hasOwn(allowedFunctions, name)) {
		findings.refuse(
			location,
			'SQL_FUNCTION',
			`The function ${names.join('.')} cannot be called.`,
			functionHint(name)
		);
		return;
	}
	const position = lengthArgument[name];
	if (position === undefined) return;
	const length = constantOf((tree['args'] as unknown[] | undefined)?.[position]);
	if (length === undefined || length > maxLengthArgument) {
		findings.refuse(
			location,
			'SQL_FUNCTION',
			`The length that ${name} gets must be a number of at most ${maxLengthArgument}.`,
			'Write the length as a constant.'
		);
	}
}

function functionHint(name: string | undefined): string {
	if (name === undefined) return 'Call functions of PostgreSQL by their plain name.';
	if (/lock/.test(name)) return 'Lock the row itself: SELECT … FOR UPDATE.';
	if (/notify/.test(name)) return 'Changes reach pages and views by themselves.';
	if (/sleep/.test(name)) return 'A command is one short transaction; do without waiting.';
	if (/^(nextval|currval|setval|lastval)$/.test(name)) return 'Use uuidv7() for keys.';
	if (/xml/.test(name)) return 'Use jsonb.';
	return 'See the list of functions in the guide; what is missing can be computed in the handler.';
}

function constantOf(argument: unknown): number | undefined {
	const constant = (argument as { A_Const?: { ival?: { ival?: number } } } | undefined)?.A_Const;
	return constant?.ival ? (constant.ival.ival ?? 0) : undefined;
}

export function checkType(tree: Tree, allowed: ReadonlySet<string>, findings: Findings): void {
	const names = parts(tree['names']);
	const name = plainName(names);
	if (name !== undefined && allowed.has(name) && !tree['setof'] && !tree['pct_type']) return;
	findings.refuse(
		tree['location'] as number | undefined,
		'SQL_TYPE',
		`The type ${names.filter((part) => part !== 'pg_catalog').join('.')} cannot be used here.`,
		`Use one of ${[...allowed].join(', ')}.`
	);
}

function checkOperator(tree: Tree, _ctes: Names, { findings }: Guard): void {
	const names = parts(tree['name']);
	if (names.length === 0) return;
	// BETWEEN, IN, LIKE and the like name no operator of the author's.
	if (/^AEXPR_(BETWEEN|NOT_BETWEEN|BETWEEN_SYM|NOT_BETWEEN_SYM)$/.test(String(tree['kind']))) return;
	const name = plainName(names);
	if (name !== undefined && allowedOperators.has(name)) return;
	findings.refuse(
		tree['location'] as number | undefined,
		'SQL_OPERATOR',
		`The operator ${names.join('.')} cannot be used.`,
		'Use the operators of the guide.'
	);
}

/** `[{String: {sval: 'a'}}, …]` as plain text; a star is left out. */
export function parts(list: unknown): string[] {
	if (!Array.isArray(list)) return [];
	return list.flatMap((item: { String?: { sval?: string } }) =>
		item.String ? [item.String.sval ?? ''] : []
	);
}
