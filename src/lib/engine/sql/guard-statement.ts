import type { Diagnostic } from '#kernel';
import { collectFindings } from './guard-findings.ts';
import { guardTree, type GuardScope, type Tree } from './guard-walk.ts';
import { parseSql, syntaxDiagnostic } from './parse.ts';

/** A handler's statement that has passed: what the runtime needs to know of it. */
export interface GuardedStatement {
	/** Without a final semicolon or what follows it. */
	readonly text: string;
	readonly kind: 'select' | 'insert' | 'update' | 'delete' | 'merge';
	/** Whether it gives rows. */
	readonly returns: boolean;
	/** Each `$n` in `text`, in order of its place; offsets in UTF-16 units. */
	readonly parameters: readonly { readonly number: number; readonly start: number; readonly end: number }[];
	/** The greatest n. */
	readonly parameterCount: number;
}

export type GuardOutcome =
	| { readonly ok: true; readonly statement: GuardedStatement }
	| { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

const kinds: Readonly<Record<string, GuardedStatement['kind']>> = {
	SelectStmt: 'select',
	InsertStmt: 'insert',
	UpdateStmt: 'update',
	DeleteStmt: 'delete',
	MergeStmt: 'merge'
};

/**
 * Lets through one SELECT, INSERT, UPDATE, DELETE or MERGE over the tables of `scope`, with functions,
 * operators and types of the lists alone (rule 29 of the data rules). Everything that is not known to be
 * harmless is refused.
 */
export async function guardStatement(
	text: string,
	scope: GuardScope,
	file = 'statement'
): Promise<GuardOutcome> {
	const outcome = await parseSql(text);
	if (!outcome.ok) return { ok: false, diagnostics: [syntaxDiagnostic(file, text, outcome.error)] };
	const { parsed } = outcome;
	const findings = collectFindings(parsed, file);
	const [raw, ...more] = parsed.statements;
	const tree = (raw?.stmt ?? {}) as Tree;
	const tag = Object.keys(tree)[0] ?? '';
	const kind = kinds[tag];
	if (more.length > 0) {
		findings.refuse(
			more[0]!.stmt_location,
			'SQL_ONE_STATEMENT',
			'Only one statement can be run at a time.',
			'Call loam.db once for each statement; they share one transaction.'
		);
	}
	if (kind === undefined) {
		findings.refuse(
			0,
			'SQL_NOT_ALLOWED',
			`${statementName(tag)} cannot be run by a handler.`,
			'Use SELECT, INSERT, UPDATE, DELETE or MERGE; tables are made by migrations.'
		);
	} else {
		guardTree(tree, scope, findings);
	}
	if (findings.list.length > 0 || kind === undefined) return { ok: false, diagnostics: findings.list };
	const start = parsed.offsetOf(raw!.stmt_location);
	const end = raw!.stmt_len ? parsed.offsetOf((raw!.stmt_location ?? 0) + raw!.stmt_len) : text.length;
	const parameters = parametersOf(tree, parsed.offsetOf, text, start);
	return {
		ok: true,
		statement: {
			text: text.slice(start, end),
			kind,
			returns: kind === 'select' || (tree[tag] as Tree)['returningClause'] !== undefined,
			parameters,
			parameterCount: Math.max(0, ...parameters.map((parameter) => parameter.number))
		}
	};
}

/** `CreateTrigStmt` -> `CREATE TRIGGER`, as far as the words are known. */
export function statementName(tag: string): string {
	return statementNames[tag] ?? `This statement (${tag})`;
}

const statementNames: Readonly<Record<string, string>> = {
	AlterRoleStmt: 'ALTER ROLE',
	AlterRoleSetStmt: 'ALTER ROLE … SET',
	AlterSystemStmt: 'ALTER SYSTEM',
	CallStmt: 'CALL',
	CommentStmt: 'COMMENT',
	CompositeTypeStmt: 'CREATE TYPE',
	CopyStmt: 'COPY',
	CreateCastStmt: 'CREATE CAST',
	CreateDomainStmt: 'CREATE DOMAIN',
	CreateEnumStmt: 'CREATE TYPE',
	CreateEventTrigStmt: 'CREATE EVENT TRIGGER',
	CreateExtensionStmt: 'CREATE EXTENSION',
	CreateFdwStmt: 'CREATE FOREIGN DATA WRAPPER',
	CreateForeignServerStmt: 'CREATE SERVER',
	CreateForeignTableStmt: 'CREATE FOREIGN TABLE',
	CreateFunctionStmt: 'CREATE FUNCTION',
	CreatePolicyStmt: 'CREATE POLICY',
	CreatePublicationStmt: 'CREATE PUBLICATION',
	CreateRangeStmt: 'CREATE TYPE',
	CreateRoleStmt: 'CREATE ROLE',
	CreateSchemaStmt: 'CREATE SCHEMA',
	CreateSeqStmt: 'CREATE SEQUENCE',
	CreateStmt: 'CREATE TABLE',
	CreateTableAsStmt: 'CREATE TABLE AS',
	CreateTrigStmt: 'CREATE TRIGGER',
	DeallocateStmt: 'DEALLOCATE',
	DeclareCursorStmt: 'DECLARE',
	DefineStmt: 'This CREATE',
	DiscardStmt: 'DISCARD',
	DoStmt: 'DO',
	DropStmt: 'DROP',
	ExecuteStmt: 'EXECUTE',
	ExplainStmt: 'EXPLAIN',
	FetchStmt: 'FETCH',
	GrantRoleStmt: 'GRANT',
	GrantStmt: 'GRANT and REVOKE',
	IndexStmt: 'CREATE INDEX',
	ListenStmt: 'LISTEN',
	LoadStmt: 'LOAD',
	LockStmt: 'LOCK',
	NotifyStmt: 'NOTIFY',
	PrepareStmt: 'PREPARE',
	RenameStmt: 'RENAME',
	RuleStmt: 'CREATE RULE',
	TransactionStmt: 'BEGIN, COMMIT and ROLLBACK',
	TruncateStmt: 'TRUNCATE',
	UnlistenStmt: 'UNLISTEN',
	VacuumStmt: 'VACUUM and ANALYZE',
	VariableSetStmt: 'SET',
	VariableShowStmt: 'SHOW',
	ViewStmt: 'CREATE VIEW',
	AlterTableStmt: 'ALTER TABLE',
	AlterOwnerStmt: 'ALTER … OWNER',
	ReassignOwnedStmt: 'REASSIGN OWNED',
	RefreshMatViewStmt: 'REFRESH MATERIALIZED VIEW'
};

function parametersOf(tree: Tree, offsetOf: (location: number) => number, text: string, start: number) {
	const found: { number: number; start: number; end: number }[] = [];
	collectParameters(tree, (number, location) => {
		const at = offsetOf(location);
		const length = /^\$\d+/.exec(text.slice(at))![0].length;
		found.push({ number, start: at - start, end: at + length - start });
	});
	return found.sort((a, b) => a.start - b.start);
}

function collectParameters(value: unknown, found: (number: number, location: number) => void): void {
	if (Array.isArray(value)) {
		for (const item of value) collectParameters(item, found);
	} else if (value !== null && typeof value === 'object') {
		for (const [key, child] of Object.entries(value)) {
			if (key === 'ParamRef') {
				const { number, location } = child as { number: number; location?: number };
				found(number, location ?? 0);
			} else {
				collectParameters(child, found);
			}
		}
	}
}
