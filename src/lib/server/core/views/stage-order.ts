import type { ViewSpec } from '#engine/view';
import type { Catalog, ViewEntry } from './catalog.ts';

/** Views with all that they stand on, without doubles, each after the stages that it reads. */
export function withStages(specs: readonly ViewSpec[]): ViewSpec[] {
	const all = new Map<string, ViewSpec>();
	// A view that others read is there twice; what its own release says of it has its stages.
	for (const spec of specs) for (const one of [...(spec.stages ?? []), spec]) all.set(one.hash, one);
	const whole = new Map(specs.map((spec) => [spec.hash, spec]));
	return inStageOrder(Array.from(all.values(), (spec) => ({ spec: whole.get(spec.hash) ?? spec }))).map(
		({ spec }) => spec
	);
}

/** The same items, each after those whose views it reads. */
export function inStageOrder<T extends { readonly spec: ViewSpec }>(items: readonly T[]): T[] {
	return orderBy(items, ({ spec }) => spec);
}

export function orderBy<T>(items: readonly T[], specOf: (item: T) => ViewSpec): T[] {
	const byHash = Map.groupBy(items, (item) => specOf(item).hash);
	const ordered = new Set<T>();
	const visit = (item: T): void => {
		if (ordered.has(item)) return;
		for (const hash of specOf(item).reads ?? []) byHash.get(hash)?.forEach(visit);
		ordered.add(item);
	};
	items.forEach(visit);
	return [...ordered];
}

/** The stages that a view reads itself, as far as they are known. */
export function stagesOf(catalog: Catalog, { installationId, spec }: ViewEntry): (ViewEntry | undefined)[] {
	return (spec.reads ?? []).map((hash) => catalog.find(installationId, hash));
}

/** The hashes of an installation's views that are needed as long as those are. */
export function neededHashes(
	catalog: Catalog,
	installationId: string,
	hashes: ReadonlySet<string>
): ReadonlySet<string> {
	const kept = [...catalog.entries].filter(
		(entry) => entry.installationId === installationId && hashes.has(entry.spec.hash)
	);
	return new Set([...hashes, ...kept.flatMap(({ spec }) => (spec.stages ?? []).map(({ hash }) => hash))]);
}
