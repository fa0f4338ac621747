import { positionAt, type Diagnostic } from '#kernel';
import type { ParsedSql } from '#engine/sql';

/** ORDER BY that chooses no rows says nothing of a view: it is a set, and each of its readers orders it. */
export function orderWarnings(file: string, parsed: ParsedSql): Diagnostic[] {
	const statement = parsed.statements[0]?.stmt;
	if (!statement || !('SelectStmt' in statement)) return [];
	const { sortClause, limitCount, limitOffset, distinctClause } = statement.SelectStmt;
	const isChoosing =
		limitCount || limitOffset || distinctClause?.some((node) => Object.keys(node).length > 0);
	if (!sortClause || isChoosing) return [];
	const first = sortClause.find((node) => 'SortBy' in node)?.SortBy.node;
	const location = Object.values(first ?? {}).find((body) => typeof body === 'object') as
		{ location?: number } | undefined;
	return [
		{
			severity: 'warning',
			file,
			...positionAt(parsed.text, parsed.offsetOf(location?.location)),
			reason: 'VIEW_ORDER',
			message: 'A view has no order: ORDER BY without LIMIT changes nothing.',
			hint: 'Leave it out, and give the order where the view is read: "order" of a page\'s binding.'
		}
	];
}
