import type { BackupEntry } from './types.ts';

/** Keeps unsaved work of one draft in this browser, file by file, until the server has it. */
export interface Keep {
	/** Replaces what this tab keeps. False: the browser had no room for it. */
	put(entries: ReadonlyMap<string, BackupEntry>): boolean;
	/** Unsaved work of tabs that are gone; it stays theirs until `forget`. */
	orphans(): Promise<Orphan[]>;
	forget(orphan: Orphan): void;
}

export interface Orphan {
	readonly key: string;
	readonly path: string;
	readonly entry: BackupEntry;
}

interface Kept {
	/** Milliseconds since 1970. */
	readonly at: number;
	readonly path: string;
	readonly entry: BackupEntry;
}

/** Where the browser has no locks (no HTTPS), a tab counts as gone when it has kept nothing for so long. */
const silenceMs = 90_000;

const prefix = 'loam.draft';

/** Keys are `loam.draft:{draft}:{tab}:{path}`; the tab's lock has the name before the path. */
export function createKeep(draft: string, tab: string, storage: Storage = localStorage): Keep {
	const owner = `${prefix}:${draft}:${tab}:`;
	const held = new Map<string, BackupEntry>();
	void holdLock(owner);
	return {
		put(entries) {
			let isKept = true;
			for (const path of held.keys()) {
				if (entries.has(path)) continue;
				storage.removeItem(owner + path);
				held.delete(path);
			}
			for (const [path, entry] of entries) {
				if (sameEntry(held.get(path), entry)) continue;
				if (store(storage, owner + path, { at: Date.now(), path, entry })) held.set(path, entry);
				else isKept = false;
			}
			return isKept;
		},
		async orphans() {
			const found: (Orphan & { at: number })[] = [];
			for (const key of keysOf(storage, `${prefix}:${draft}:`)) {
				const kept = key.startsWith(owner) ? undefined : load(storage, key);
				if (!kept) continue;
				const theirOwner = key.slice(0, key.length - kept.path.length);
				if (await isGone(theirOwner, kept.at))
					found.push({ key, path: kept.path, entry: kept.entry, at: kept.at });
			}
			return found.sort((a, b) => b.at - a.at);
		},
		forget: ({ key }) => storage.removeItem(key)
	};
}

/** Nobody else can hold the name while this tab lives. */
async function holdLock(name: string): Promise<void> {
	await globalThis.navigator?.locks?.request(name, () => new Promise<never>(() => {}));
}

async function isGone(name: string, at: number): Promise<boolean> {
	const locks = globalThis.navigator?.locks;
	if (!locks) return Date.now() - at > silenceMs;
	return locks.request(name, { ifAvailable: true }, (lock) => lock !== null);
}

function keysOf(storage: Storage, start: string): string[] {
	return Array.from({ length: storage.length }, (_, i) => storage.key(i) ?? '').filter((key) =>
		key.startsWith(start)
	);
}

function store(storage: Storage, key: string, kept: Kept): boolean {
	try {
		storage.setItem(key, JSON.stringify(kept));
		return true;
	} catch {
		return false;
	}
}

function load(storage: Storage, key: string): Kept | undefined {
	try {
		return JSON.parse(storage.getItem(key) ?? '') as Kept;
	} catch {
		storage.removeItem(key);
		return undefined;
	}
}

function sameEntry(a: BackupEntry | undefined, b: BackupEntry): boolean {
	return (
		a !== undefined &&
		a.mine === b.mine &&
		a.base === b.base &&
		a.other === b.other &&
		a.sent.length === b.sent.length &&
		a.sent.every((text, i) => text === b.sent[i])
	);
}
