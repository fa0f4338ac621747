import type { ReleaseArtifact } from '#engine/module';

export interface Project {
	readonly id: string;
	readonly organization: string;
	/** `home/main` */
	readonly path: string;
	readonly orgSlug: string;
	readonly slug: string;
	readonly name: string;
}

/** A release as it is served; immutable, so it may be kept. */
export interface LiveRelease {
	readonly id: string;
	/** 64 hex digits; its first 12 are the short hash of URLs and headers. */
	readonly hash: string;
	readonly shortHash: string;
	readonly artifact: ReleaseArtifact;
	/** FileDescriptorSet of schema.proto, the standard methods and all imports. */
	readonly descriptor: Uint8Array;
}

/** What an installation is in the database, from its first moment on and whatever its release. */
export interface Place {
	readonly id: string;
	/** Names its schemas and roles. */
	readonly number: number;
	readonly project: Project;
	/** The module's name. */
	readonly module: string;
	/** `i12` */
	readonly schema: string;
	/** `i12_v` */
	readonly stateSchema: string;
	/** `loam_<instance>_i12_owner`, `…_run` */
	readonly ownerRole: string;
	readonly runRole: string;
}

/** A place that has a release and is not uninstalled. */
export interface Installation extends Place {
	readonly release: LiveRelease;
	/** N-1, still answered. */
	readonly previous: LiveRelease | undefined;
}

/** A release flipped, or (`releaseId` undefined) an installation stopped serving. */
export interface InstallationChange {
	readonly installationId: string;
	readonly projectId: string;
	readonly module: string;
	readonly releaseId: string | undefined;
}
