const formats = new Map<string, Intl.DateTimeFormat>();
const keep = 200;

/** One that was made before where there is one: making it costs a hundred times what using it does. */
export function dateTimeFormat(
	language: string,
	name: string,
	zone: string,
	options: Intl.DateTimeFormatOptions
): Intl.DateTimeFormat {
	const key = `${language} ${name} ${zone}`;
	let format = formats.get(key);
	if (!format) {
		if (formats.size >= keep) formats.clear();
		format = new Intl.DateTimeFormat(language, { ...options, timeZone: zone });
		formats.set(key, format);
	}
	return format;
}
