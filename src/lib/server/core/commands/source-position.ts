import { SourceMap } from 'node:module';
import type { LiveRelease } from '#core/tenancy';
import { bundleName } from '#sandbox/protocol';

const comment = /\/\/# sourceMappingURL=data:application\/json[^,]*;base64,([A-Za-z0-9+/=]+)\s*$/;

const maps = new WeakMap<LiveRelease, SourceMap | null>();

/** The bundle without its map, which an isolate has no use for. */
export function withoutMap(bundle: string): string {
	return bundle.replace(comment, '');
}

/**
 * A stack of the sandbox in the words of the module: `closeTicket (logic/close_ticket.ts:12:5)`. Lines that
 * are not of the module are left out. Without a map the bundle's own lines stay.
 */
export function mapStack(release: LiveRelease, stack: string): string[] {
	const map = mapOf(release);
	return stack
		.split('\n')
		.filter((line) => line.includes(`${bundleName}:`))
		.map((line) =>
			line.trim().replace(new RegExp(`${bundleName}:(\\d+):(\\d+)`, 'g'), (place, row, column) => {
				const entry = map?.findEntry(Number(row) - 1, Number(column) - 1);
				if (!entry || !('originalSource' in entry)) return place as string;
				return `${fileOf(entry.originalSource)}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
			})
		);
}

/** `module:/logic/a.ts`, `../../logic/a.ts` -> `logic/a.ts` */
function fileOf(source: string): string {
	return /logic\/.*$/.exec(source)?.[0] ?? source;
}

function mapOf(release: LiveRelease): SourceMap | undefined {
	const found = maps.get(release);
	if (found !== undefined) return found ?? undefined;
	const encoded = comment.exec(release.artifact.bundle)?.[1];
	const map = encoded ? new SourceMap(JSON.parse(Buffer.from(encoded, 'base64').toString('utf8'))) : null;
	maps.set(release, map);
	return map ?? undefined;
}
