import type { Node, ParsedSql } from '#engine/sql';
import { compile } from './compile.ts';
import type { Output } from './query.ts';
import { bytesAt } from './reading.ts';
import { refuse } from './refusal.ts';
import { itemsOf, resolveColumn, type Scope } from './scope.ts';
import { expressionOf } from './sql-parts.ts';

const plainName = /^[a-z][a-z0-9_]{0,58}$/;

/**
 * The list of columns. Those of a part (a subquery, a CTE) may lack names, as far as nobody asks for them;
 * those of a view are what its readers see.
 */
export function readOutputs(
	scope: Scope,
	targets: readonly Node[],
	parsed: ParsedSql,
	isPart: boolean
): Output[] {
	const outputs: Output[] = [];
	for (const target of targets) {
		if (!('ResTarget' in target)) continue;
		const { val, name, location } = target.ResTarget;
		const star = val && starOf(val);
		const given = name ?? (isPart ? impliedName(val, outputs) : undefined);
		const added = star ? expandStar(scope, star, location) : [readOutput(scope, val, given, location)];
		for (const output of added) {
			checkName(output.name, location, outputs);
			outputs.push(output);
		}
	}
	// EXISTS (SELECT FROM …): whatever it is, there is one
	if (outputs.length === 0 && isPart) return [{ name: 'column', expression: constantTrue }];
	if (outputs.length === 0)
		refuse(bytesAt(parsed, 'SELECT'), 'VIEW_NO_COLUMN', 'This SELECT has no columns.', 'List at least one.');
	return outputs;
}

const constantTrue = expressionOf(['true'], { notNull: true });

/** `*` is [], `t.*` is ['t']. */
function starOf(node: Node): string[] | undefined {
	if (!('ColumnRef' in node)) return undefined;
	const fields = node.ColumnRef.fields ?? [];
	if (!fields.some((field) => 'A_Star' in field)) return undefined;
	return fields.flatMap((field) => ('String' in field ? [field.String.sval ?? ''] : []));
}

function expandStar(scope: Scope, path: readonly string[], at: number | undefined): Output[] {
	const [alias, more] = path;
	if (more !== undefined)
		refuse(at, 'VIEW_QUALIFIED_NAME', `"${path.join('.')}.*" names a schema.`, 'Write table.*.');
	if (alias === undefined) return everyColumn(scope);
	const item = itemsOf(scope).find((candidate) => candidate.alias === alias);
	if (item) return [...item.columns];
	resolveColumn(scope, [alias, '*'], at);
	return refuse(at, 'VIEW_STAR', `"${alias}" is of another SELECT.`, 'Name the columns.');
}

/** As the standard says: the columns of USING first and once, then the rest in order of FROM. */
export function everyColumn(scope: Scope): Output[] {
	const rest = itemsOf(scope).flatMap((item) =>
		item.columns.filter(
			({ name }) => !scope.merged.some((column) => column.name === name && column.items.includes(item))
		)
	);
	return [...scope.merged, ...rest].map(({ name, expression }) => ({ name, expression }));
}

function readOutput(
	scope: Scope,
	node: Node | undefined,
	name: string | undefined,
	at: number | undefined
): Output {
	const expression = compile(scope, node);
	if (name !== undefined) return { name, expression };
	const named = node && 'ColumnRef' in node ? lastOf(node.ColumnRef.fields) : undefined;
	if (named !== undefined) return { name: named, expression };
	refuse(at, 'VIEW_COLUMN_NAME', 'This column has no name.', 'Give it one: … AS name.');
}

/** The name that Postgres would give; where it is taken, one that is nobody's. */
function impliedName(node: Node | undefined, before: readonly Output[]): string {
	const name = figuredName(node) ?? 'column';
	return before.some((output) => output.name === name) ? `${name}_${before.length + 1}` : name;
}

function figuredName(node: Node | undefined): string | undefined {
	if (!node) return undefined;
	if ('ColumnRef' in node) return lastOf(node.ColumnRef.fields);
	if ('FuncCall' in node) return lastOf(node.FuncCall.funcname);
	if ('TypeCast' in node) return figuredName(node.TypeCast.arg) ?? lastOf(node.TypeCast.typeName?.names);
	if ('CoalesceExpr' in node) return 'coalesce';
	if ('SubLink' in node) return sublinkName(node.SubLink);
	if ('CaseExpr' in node) return figuredName(node.CaseExpr.defresult) ?? 'case';
	if ('A_ArrayExpr' in node) return 'array';
	if ('MinMaxExpr' in node) return node.MinMaxExpr.op === 'IS_LEAST' ? 'least' : 'greatest';
	return undefined;
}

function lastOf(parts: readonly Node[] = []): string | undefined {
	const part = parts.at(-1);
	return part && 'String' in part ? part.String.sval : undefined;
}

function sublinkName({ subLinkType, subselect }: Extract<Node, { SubLink: unknown }>['SubLink']) {
	if (subLinkType === 'EXISTS_SUBLINK') return 'exists';
	if (subLinkType === 'ARRAY_SUBLINK') return 'array';
	const select = subselect && 'SelectStmt' in subselect ? subselect.SelectStmt : undefined;
	const target = subLinkType === 'EXPR_SUBLINK' ? select?.targetList?.[0] : undefined;
	if (!target || !('ResTarget' in target)) return undefined;
	return target.ResTarget.name ?? figuredName(target.ResTarget.val);
}

function checkName(name: string, at: number | undefined, before: readonly Output[]): void {
	if (!plainName.test(name)) {
		refuse(
			at,
			'VIEW_COLUMN_NAME',
			`"${name}" cannot be a column's name.`,
			'Use small letters, digits and _, beginning with a letter: … AS open_count.'
		);
	}
	if (before.some((output) => output.name === name)) {
		refuse(
			at,
			'VIEW_DUPLICATE_COLUMN',
			`There are two columns "${name}".`,
			`Name one of them differently: … AS other_${name}.`
		);
	}
}
