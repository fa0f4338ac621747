import { upToDateMessage, type JournalOffset } from '#engine/shape';
import type { LogPage } from './types.ts';

export interface PageParts {
	readonly messages: readonly string[];
	readonly offset: JournalOffset;
	readonly upToDate: boolean;
	readonly seq: bigint;
}

/** A page whose two encodings are made when the first reader wants them. */
export function makePage(parts: PageParts): LogPage {
	let json: Buffer | undefined;
	let events: Buffer | undefined;
	const all = () => (parts.upToDate ? [...parts.messages, upToDateMessage(parts.seq)] : parts.messages);
	return {
		...parts,
		json: () => (json ??= Buffer.from(`[${all().join(',')}]`)),
		events: () =>
			(events ??= Buffer.from(
				all()
					.map((message) => `data: ${message}\n\n`)
					.join('')
			))
	};
}
