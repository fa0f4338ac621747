import { createHash } from 'node:crypto';
import type { ResolvedShape } from './types.ts';

/** The key that readers of the shape see: the view's own, or a hash of it where it would tell too much. */
export function shownKey(shape: Pick<ResolvedShape, 'hidesKey' | 'hash'>, key: string): string {
	if (!shape.hidesKey) return key;
	return `"${createHash('sha256').update(`${shape.hash}:${key}`).digest('hex').slice(0, 24)}"`;
}
