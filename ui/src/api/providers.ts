/** Model servers that administrators add, and whom their models are offered to. */
import { type QueryClient, queryOptions } from "@tanstack/react-query";
import {
  call,
  client,
  type NewProvider,
  type Provider,
  type ProviderChange,
  type ProviderCheck,
  type ProviderModelChange,
} from "./client";
import { modelsQuery } from "./models";
import { statusOf } from "./problem";

export const providersQuery = queryOptions({
  queryKey: ["providers"],
  queryFn: () => call(client.GET("/api/providers/")),
});

export const providerModelsQuery = (provider_id: string) =>
  queryOptions({
    queryKey: ["provider models", provider_id],
    queryFn: async () =>
      (
        await call(
          client.GET("/api/providers/{provider_id}/models", { params: { path: { provider_id } } }),
        )
      ).items,
  });

/** What is offered may be something else now, here and in the box that chooses a model. */
async function renew(queries: QueryClient, id?: string): Promise<void> {
  void queries.invalidateQueries({ queryKey: modelsQuery.queryKey });
  await Promise.all([
    queries.invalidateQueries({ queryKey: providersQuery.queryKey }),
    id && queries.invalidateQueries({ queryKey: providerModelsQuery(id).queryKey }),
  ]);
}

/** Waits for a change; where another administrator was faster, what is gone goes from the page as well. */
async function renewed<T>(queries: QueryClient, id: string, request: Promise<T>): Promise<T> {
  try {
    const answer = await request;
    await renew(queries, id);
    return answer;
  } catch (error) {
    if (statusOf(error) === 404) void renew(queries);
    throw error;
  }
}

export async function createProvider(queries: QueryClient, body: NewProvider): Promise<Provider> {
  const made = await call(client.POST("/api/providers/", { body }));
  await renew(queries);
  return made;
}

export async function changeProvider(
  queries: QueryClient,
  provider_id: string,
  body: ProviderChange,
): Promise<void> {
  const params = { path: { provider_id } };
  await renewed(
    queries,
    provider_id,
    call(client.PATCH("/api/providers/{provider_id}", { params, body })),
  );
}

export async function deleteProvider(queries: QueryClient, provider_id: string): Promise<void> {
  const params = { path: { provider_id } };
  try {
    await call(client.DELETE("/api/providers/{provider_id}", { params }));
  } catch (error) {
    // Another administrator was faster.
    if (statusOf(error) !== 404) throw error;
  }
  await renew(queries);
}

export async function checkProvider(
  queries: QueryClient,
  provider_id: string,
): Promise<ProviderCheck> {
  const params = { path: { provider_id } };
  return renewed(
    queries,
    provider_id,
    call(client.POST("/api/providers/{provider_id}/check", { params })),
  );
}

export async function changeProviderModel(
  queries: QueryClient,
  provider_id: string,
  body: ProviderModelChange,
): Promise<void> {
  const params = { path: { provider_id } };
  await renewed(
    queries,
    provider_id,
    call(client.PATCH("/api/providers/{provider_id}/models", { params, body })),
  );
  // The default and the one that names conversations may have been another server's.
  void queries.invalidateQueries({ queryKey: ["provider models"] });
}

export async function forgetProviderModel(
  queries: QueryClient,
  provider_id: string,
  model: string,
): Promise<void> {
  const params = { path: { provider_id }, query: { model } };
  await renewed(
    queries,
    provider_id,
    call(client.DELETE("/api/providers/{provider_id}/models", { params })),
  );
}
