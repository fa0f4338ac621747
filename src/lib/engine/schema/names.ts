/** `CloseTicket` -> `close_ticket`, `HTTPCall` -> `http_call` */
export function snakeCase(name: string): string {
	return name
		.replace(/([a-z0-9])([A-Z])/g, '$1_$2')
		.replace(/([A-Z]+)([A-Z][a-z])/g, '$1_$2')
		.toLowerCase();
}

/** `Ticket` -> `Tickets`, `Category` -> `Categories`, `Box` -> `Boxes` */
export function plural(name: string): string {
	if (/[^aeiouAEIOU]y$/.test(name)) return `${name.slice(0, -1)}ies`;
	return /(?:s|x|z|ch|sh)$/.test(name) ? `${name}es` : `${name}s`;
}

/** `opened_at` -> `Opened at`; an id at the end is left out: `project_id` -> `Project` */
export function labelOf(name: string): string {
	const words = name.replace(/_id$/, '').split('_').filter(Boolean).join(' ');
	return words.charAt(0).toUpperCase() + words.slice(1);
}

/** `OrderItem` -> `Order item` */
export function titleOf(messageName: string): string {
	return labelOf(snakeCase(messageName));
}

/** A name as SQL reads it. */
export function quote(name: string): string {
	return `"${name.replaceAll('"', '""')}"`;
}

/** A text as an SQL literal. */
export function literal(text: string): string {
	return `'${text.replaceAll("'", "''")}'`;
}
