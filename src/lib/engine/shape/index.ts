export {
	cacheHeaders,
	catchUpAges,
	etagMatches,
	etagOf,
	sseSeconds,
	type CacheCase,
	type CatchUpAges
} from './caching.ts';
export { pick, projectChange, type Projection, type ViewChange } from './change.ts';
export { catalogueName, headerJson, schemaOf, type ColumnInfo, type ShapeSchema } from './columns.ts';
export { nextCursor } from './cursor.ts';
export { formatHandle, parseHandle, type Handle } from './handle.ts';
export { fullKey, relationPrefix, rowKey } from './key.ts';
export {
	invalidRequestBody,
	messageEncoder,
	mustRefetchBody,
	snapshotEndMessage,
	subsetBody,
	upToDateMessage,
	type ChangePlace,
	type MessageEncoder,
	type ShapeChange,
	type SubsetMark
} from './messages.ts';
export {
	formatOffset,
	isAfter,
	journalOffset,
	parseOffset,
	type JournalOffset,
	type Offset
} from './offset.ts';
export { collationOf, compareRows, parseOrderTerm, type KeyedRow, type OrderTerm } from './order.ts';
export type { SubsetQuery } from './subset.ts';
export type { FieldErrors } from './fields.ts';
export {
	parseDeletion,
	parseShapeQuery,
	type ParsedQuery,
	type ShapeDefinition,
	type ShapeQuery
} from './request.ts';
export {
	parseArray,
	parseRow,
	parsers,
	parseValue,
	type TextRow,
	type Value,
	type ValueRow
} from './values.ts';
