import type { Json } from '#kernel';
import type { KeyedRow, ShapeSchema } from '#engine/shape';
import type { Locale } from './time/locale.ts';

/** A page with its data, as the server hands it to the browser: plain values only. */
export interface PageData {
	/** File of the page, or `generated/…`; with the release, what the page is known by. */
	readonly file: string;
	/** May hold `${…}`. */
	readonly title: string;
	readonly card: Json;
	/** `org/project` */
	readonly project: string;
	readonly module: string;
	/** Short hash. */
	readonly release: string;
	readonly params: Readonly<Record<string, string>>;
	readonly query: Readonly<Record<string, string>>;
	readonly principal: {
		readonly id: string | null;
		readonly name: string;
		readonly roles: readonly string[];
	};
	/** The viewer's, as far as the server knows it; `$host` on this page. */
	readonly locale: Locale;
	/** ISO 8601; what `utcNow()` says on this page. */
	readonly now: string;
	readonly bindings: Readonly<Record<string, BindingData>>;
	/** Procedure of each method that the page may call: `CloseTicket` to `tickets.TicketDesk/CloseTicket`. */
	readonly procedures: Readonly<Record<string, string>>;
}

export interface BindingData {
	/** What the browser subscribes to. */
	readonly shape: {
		readonly project: string;
		readonly table: string;
		readonly release: string;
		readonly where?: string;
		readonly params?: Readonly<Record<string, string>>;
	};
	/** Where the rows were read. */
	readonly handle: string;
	readonly offset: string;
	/** The whole shape or, `complete` false, its first rows in the order. */
	readonly rows: readonly KeyedRow[];
	readonly complete: boolean;
	readonly schema: ShapeSchema;
	/** Terms such as `opened_at desc`. */
	readonly order: readonly string[];
	readonly limit: number;
	readonly live: boolean;
}
