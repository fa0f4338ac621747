import { hasSqlDetails, loadModule, parse, scanSync, type RawStmt } from 'libpg-query';
import { positionAt, type Diagnostic } from '#kernel';

export type {
	Node,
	RawStmt,
	SelectStmt,
	TypeName,
	FuncCall,
	A_Expr,
	A_Const,
	ColumnRef,
	RangeVar,
	JoinExpr,
	ResTarget
} from 'libpg-query';

/** A text of SQL as PostgreSQL's own parser reads it. */
export interface ParsedSql {
	readonly text: string;
	readonly statements: readonly RawStmt[];
	/** Offset in `text` (UTF-16) of a `location` in the tree (UTF-8 bytes). */
	offsetOf(location: number | undefined): number;
	/** Offset in `text` of the first token that is this keyword, comments and literals aside. */
	keyword(word: string): number | undefined;
}

export interface SqlSyntaxError {
	/** Postgres's words: `syntax error at or near "FROMM"`. */
	readonly message: string;
	/** Offset in the text, in UTF-16 units. */
	readonly offset: number;
}

export type ParseOutcome =
	{ readonly ok: true; readonly parsed: ParsedSql } | { readonly ok: false; readonly error: SqlSyntaxError };

let loaded: Promise<void> | undefined;

/** Parses any number of statements. The parser is loaded at the first call. */
export async function parseSql(text: string): Promise<ParseOutcome> {
	if (onlyWhiteSpace(text))
		return { ok: false, error: { message: 'There is no statement here.', offset: 0 } };
	await (loaded ??= loadModule());
	try {
		const { stmts } = await parse(text);
		return { ok: true, parsed: parsedSql(text, stmts ?? []) };
	} catch (error) {
		if (!hasSqlDetails(error)) throw error;
		return {
			ok: false,
			error: { message: error.message, offset: fromCodePoints(text, error.sqlDetails?.cursorPosition ?? 0) }
		};
	}
}

/** A syntax error as a finding in a file. */
export function syntaxDiagnostic(file: string, text: string, error: SqlSyntaxError): Diagnostic {
	return {
		severity: 'error',
		file,
		...positionAt(text, error.offset),
		reason: 'SQL_SYNTAX',
		message: error.message,
		hint: 'Correct the SQL here; it is read as PostgreSQL 18 reads it.'
	};
}

/**
 * What Postgres said while preparing a text (its `position` counts characters from 1), as a finding in
 * that text's file.
 */
export function postgresDiagnostic(
	file: string,
	text: string,
	error: {
		readonly message: string;
		readonly position?: string | undefined;
		readonly hint?: string | undefined;
	}
): Diagnostic {
	const offset = fromCodePoints(text, Math.max(0, Number(error.position ?? 1) - 1));
	return {
		severity: 'error',
		file,
		...positionAt(text, offset),
		reason: 'SQL_REFUSED',
		message: error.message,
		...(error.hint ? { hint: error.hint } : {})
	};
}

function onlyWhiteSpace(text: string): boolean {
	return text.replace(/--[^\n]*|\/\*[^]*?\*\/|[\s;]/g, '') === '';
}

function parsedSql(text: string, statements: readonly RawStmt[]): ParsedSql {
	const ascii = !/[^\0-\x7f]/.test(text);
	const bytes = ascii ? undefined : new TextEncoder().encode(text);
	const offsetOf = (location = 0) => {
		const at = Math.max(0, location);
		return bytes ? new TextDecoder().decode(bytes.subarray(0, at)).length : at;
	};
	return {
		text,
		statements,
		offsetOf,
		keyword(word) {
			const token = scanSync(text).tokens.find(
				(candidate) => candidate.keywordKind !== 0 && candidate.text.toUpperCase() === word
			);
			return token && offsetOf(token.start);
		}
	};
}

/** UTF-16 offset of the nth code point. */
function fromCodePoints(text: string, count: number): number {
	return Array.from(text).slice(0, count).join('').length;
}
