import {
	FetchError,
	ShapeStream,
	type Offset,
	type Row,
	type ShapeStreamOptions
} from '@electric-sql/client';
import { parsers, type Value } from '#engine/shape';
import { liveFetch } from './connection.ts';
import type { LiveShape, ShapeProblem } from './types.ts';

export type LiveStream = ShapeStream<Row<Value>>;

export interface StreamPlace {
	readonly handle: string;
	readonly offset: string;
}

/** The unmodified client over the one connection. With `changesOnly` it is never given rows to begin with. */
export function openStream(
	shape: LiveShape,
	start: StreamPlace | undefined,
	signal: AbortSignal,
	changesOnly = false
): LiveStream {
	return new ShapeStream<Row<Value>>({
		url: new URL('/v1/shape', location.origin).toString(),
		params: paramsOf(shape) as NonNullable<ShapeStreamOptions['params']>,
		...(start ? { handle: start.handle, offset: start.offset as Offset } : {}),
		...(changesOnly ? { log: 'changes_only' as const } : {}),
		parser: parsers as never,
		signal,
		fetchClient: liveFetch,
		warnOnHttp: false,
		backoffOptions: { initialDelay: 250, maxDelay: 10_000, multiplier: 2, maxRetries: Infinity }
	});
}

function paramsOf(shape: LiveShape): Record<string, string> {
	const params = Object.entries(shape.params ?? {}).map(([name, value]) => [`params[${name}]`, value]);
	return {
		project: shape.project,
		table: shape.table,
		replica: 'full',
		...(shape.release ? { release: shape.release } : {}),
		...(shape.where ? { where: shape.where } : {}),
		...(shape.columns ? { columns: shape.columns.map(quoteName).join(',') } : {}),
		...(Object.fromEntries(params) as Record<string, string>)
	};
}

export function quoteName(name: string): string {
	return `"${name.replaceAll('"', '""')}"`;
}

/** Why the server does not give what was asked for. */
export function problemOf(error: Error): ShapeProblem {
	if (!(error instanceof FetchError)) return { status: 0, message: error.message };
	const told = error.json as { message?: string; errors?: Record<string, string[]> } | undefined;
	const details = Object.values(told?.errors ?? {}).flat();
	return { status: error.status, message: details[0] ?? told?.message ?? error.message };
}
