import { nearest, positionAt, type Diagnostic } from '#kernel';
import { checkFilter, type FilterColumn } from '#engine/policy';
import { locate, type Access, type AccessRule, type Manifest, type Span } from '#engine/module';
import { tableNamed, type Names } from './names.ts';

type Path = readonly (string | number)[];

/** Views, columns, commands and pages that module.json names must be there; filters must fit their rows. */
export function checkAccess(source: string, manifest: Manifest, names: Names, found: Diagnostic[]): void {
	const report = (path: Path, part: 'key' | 'value', reason: string, message: string, hint: string) =>
		found.push({
			severity: 'error',
			file: 'module.json',
			...locate(source, path, part),
			reason,
			message,
			hint
		});

	checkViews(manifest.access.views, names, report, found, source);
	checkCommands(manifest.access.commands, names, report, found, source);
	manifest.navigation.forEach(({ page }, i) => {
		const isGenerated = tableNamed(names, page.split('/', 1)[0]!) !== undefined;
		if (page === '' || !names.schema || names.routes.includes(page) || isGenerated) return;
		report(
			['navigation', i, 'page'],
			'value',
			'PAGE_UNKNOWN',
			`There is no page "${page}".`,
			`Add pages/${page}.page.json, or name a table to show its generated screen.`
		);
	});
}

type ReportAt = (path: Path, part: 'key' | 'value', reason: string, message: string, hint: string) => void;

function checkViews(
	access: Access['views'],
	{ views, schema }: Names,
	report: ReportAt,
	found: Diagnostic[],
	source: string
): void {
	for (const [name, { read, columns }] of Object.entries(access)) {
		const path = ['access', 'views', name];
		const view = views.find((one) => one.name === name);
		if (!view) {
			if (!schema) continue;
			report(
				path,
				'key',
				'VIEW_UNKNOWN',
				`There is no view "${name}".`,
				known(
					'Views',
					name,
					views.map((one) => one.name)
				)
			);
			continue;
		}
		if (view.typed) checkRules(read, view.typed, source, [path, [...path, 'read']], found);
		for (const column of Object.keys(columns)) {
			if (!view.columns || view.columns.includes(column)) continue;
			report(
				[...path, 'columns', column],
				'key',
				'COLUMN_UNKNOWN',
				`"${name}" has no column "${column}".`,
				known('Columns', column, view.columns)
			);
		}
	}
}

function checkCommands(
	access: Access['commands'],
	names: Names,
	report: ReportAt,
	found: Diagnostic[],
	source: string
): void {
	if (!names.schema) return;
	const { methods } = names.schema;
	for (const [name, rules] of Object.entries(access)) {
		const path = ['access', 'commands', name];
		const method = methods.find((one) => one.name === name);
		if (!method) {
			report(
				path,
				'key',
				'COMMAND_UNKNOWN',
				`There is no command "${name}".`,
				known(
					'Commands',
					name,
					methods.map((one) => one.name)
				)
			);
			continue;
		}
		const { run } = method;
		const table = run.kind === 'standard' ? tableNamed(names, run.table) : undefined;
		if (table) checkRules(rules, table.columns, source, [path], found);
		else if (rules.some((rule) => rule.where !== undefined)) {
			report(
				path,
				'value',
				'WHERE_NOT_HERE',
				`"${name}" runs a handler, which has no rows to filter.`,
				'Check it in the handler, by loam.principal.'
			);
		}
	}
}

/** `paths`: the places where the rules may stand; the one with the list is taken. */
function checkRules(
	rules: readonly AccessRule[],
	columns: readonly FilterColumn[],
	source: string,
	paths: readonly Path[],
	found: Diagnostic[]
): void {
	rules.forEach((rule, i) => {
		if (rule.where === undefined) return;
		const problem = checkFilter(rule.where, columns);
		if (!problem) return;
		const spans = paths.map((path) => locate(source, [...path, i, 'where']));
		const span = spans.reduce((best, one) =>
			one.line > best.line || (one.line === best.line && one.column > best.column) ? one : best
		);
		found.push(filterFinding('module.json', span, rule.where, problem));
	});
}

/** A finding inside a filter that stands in a JSON text without line breaks. */
export function filterFinding(
	file: string,
	span: Span,
	filter: string,
	problem: {
		readonly message: string;
		readonly hint?: string;
		readonly offset: number;
		readonly length: number;
	}
): Diagnostic {
	const before = JSON.stringify(filter.slice(0, problem.offset)).length - 1;
	const place = positionAt(filter, problem.offset);
	const column = span.column + (place.line === 1 ? before : 0);
	return {
		severity: 'error',
		file,
		line: span.line,
		column,
		endLine: span.line,
		endColumn: column + Math.max(problem.length, 1),
		reason: 'FILTER_INVALID',
		message: problem.message,
		...(problem.hint === undefined ? {} : { hint: problem.hint })
	};
}

/** "Did you mean …?" and the list of what there is. */
export function known(what: string, word: string, names: readonly string[]): string {
	const near = nearest(word, names);
	const list =
		names.length > 0
			? `${what} are: ${names.slice(0, 40).join(', ')}.`
			: `There are no ${what.toLowerCase()} yet.`;
	return near ? `Did you mean "${near}"? ${list}` : list;
}
