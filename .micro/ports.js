/** Every seam of the gateway, types only. Adapters implement them, entry points compose them. */
export {};
