//! `/api/providers`: the model servers that administrators add.

use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, OpenApi};
use uuid::Uuid;

use super::Group;
use super::body::Body;
use super::failure::Failure;
use super::session::Administrator;
use crate::app::App;
use crate::llm::Origin;

mod shown;
mod words;

use shown::{
    ConfiguredProvider, NewProvider, Provider, ProviderChange, ProviderCheck, ProviderList, ProviderModel,
    ProviderModelChange, ProviderModels,
};

pub(super) struct Api;

#[derive(ApiResponse)]
enum Created {
    /// The model server is added, and its models are offered.
    #[oai(status = 201)]
    Created(Json<Provider>),
}

#[derive(ApiResponse)]
enum Deleted {
    /// It is gone.
    #[oai(status = 204)]
    Gone,
}

#[OpenApi(tag = "Group::Administration")]
impl Api {
    /// Lists the model servers, and how they are
    ///
    /// For administrators. Those that were added here come as `items`, always in one page; those of the environment and
    /// of the `LOQUAT_PROVIDERS` file, and those found on this machine, as `configured`: they are changed where they are
    /// set. Keys are never shown.
    #[oai(path = "/api/providers", method = "get", operation_id = "list_providers")]
    async fn list(&self, app: Data<&App>, _administrator: Administrator) -> Result<Json<ProviderList>, Failure> {
        let known = app.chat.catalog.providers().await;
        let rows = app.providers.list().await?;
        let items = rows.into_iter().map(|row| Provider::of(&app, row, &known)).collect();
        let configured = known
            .iter()
            .filter(|known| !matches!(known.origin, Origin::Stored(_)))
            .map(ConfiguredProvider::from)
            .collect();
        let fixed_default_model = app.chat.catalog.fixed_default().map(str::to_owned);
        Ok(Json(ProviderList { items, next_cursor: None, configured, fixed_default_model }))
    }

    /// Adds a model server
    ///
    /// For administrators. Its address is one of the public internet, or one that the setting
    /// `LOQUAT_ALLOWED_PROVIDER_HOSTS` allows. A key is kept sealed, is never shown again, and goes to this address alone;
    /// with one, the address begins with `https`, unless that setting names its host.
    #[oai(path = "/api/providers", method = "post", operation_id = "create_provider")]
    async fn create(
        &self,
        app: Data<&App>,
        administrator: Administrator,
        body: Body<NewProvider>,
    ) -> Result<Created, Failure> {
        let row = app.providers.create(&administrator.0, body.0.into()).await?;
        let known = app.chat.catalog.providers().await;
        Ok(Created::Created(Json(Provider::of(&app, row, &known))))
    }

    /// Shows a model server
    ///
    /// For administrators.
    #[oai(path = "/api/providers/:provider_id", method = "get", operation_id = "get_provider")]
    async fn get(
        &self,
        app: Data<&App>,
        _administrator: Administrator,
        /// The model server.
        provider_id: Path<Uuid>,
    ) -> Result<Json<Provider>, Failure> {
        let row = app.providers.get(provider_id.0).await?;
        Ok(Json(Provider::of(&app, row, &app.chat.catalog.providers().await)))
    }

    /// Changes a model server
    ///
    /// For administrators. What is left out stays, but an address of another host, port or scheme forgets the key unless a
    /// new one comes with it. Answers that are being written go on as they began.
    #[oai(path = "/api/providers/:provider_id", method = "patch", operation_id = "change_provider")]
    async fn change(
        &self,
        app: Data<&App>,
        administrator: Administrator,
        /// The model server.
        provider_id: Path<Uuid>,
        body: Body<ProviderChange>,
    ) -> Result<Json<Provider>, Failure> {
        let row = app.providers.change(&administrator.0, provider_id.0, body.0.into()).await?;
        Ok(Json(Provider::of(&app, row, &app.chat.catalog.providers().await)))
    }

    /// Deletes a model server, with its key
    ///
    /// For administrators. Conversations with its models stay, and go on with the default model.
    #[oai(path = "/api/providers/:provider_id", method = "delete", operation_id = "delete_provider")]
    async fn delete(
        &self,
        app: Data<&App>,
        administrator: Administrator,
        /// The model server.
        provider_id: Path<Uuid>,
    ) -> Result<Deleted, Failure> {
        app.providers.delete(&administrator.0, provider_id.0).await?;
        Ok(Deleted::Gone)
    }

    /// Asks a model server for its models now, and tells what came of it
    ///
    /// For administrators. It has 10 seconds. Whatever it answers is no error of this request.
    #[oai(path = "/api/providers/:provider_id/check", method = "post", operation_id = "check_provider")]
    async fn check(
        &self,
        app: Data<&App>,
        _administrator: Administrator,
        /// The model server.
        provider_id: Path<Uuid>,
    ) -> Result<Json<ProviderCheck>, Failure> {
        Ok(Json(app.providers.check(provider_id.0).await?.into()))
    }

    /// Lists the models of a model server, and whom they are offered to
    ///
    /// For administrators. Always one page: those that it lists, in its order, and then others that something was said of.
    #[oai(path = "/api/providers/:provider_id/models", method = "get", operation_id = "list_provider_models")]
    async fn models(
        &self,
        app: Data<&App>,
        _administrator: Administrator,
        /// The model server.
        provider_id: Path<Uuid>,
    ) -> Result<Json<ProviderModels>, Failure> {
        let items = app.providers.models(provider_id.0).await?.into_iter().map(ProviderModel::from).collect();
        Ok(Json(ProviderModels { items, next_cursor: None }))
    }

    /// Says whom a model is offered to, how much it reads, whether it takes images, or what it is for
    ///
    /// For administrators. One that the model server does not list is offered from now on. There is one default model and
    /// one that names conversations: choosing another takes that from the one before.
    #[oai(path = "/api/providers/:provider_id/models", method = "patch", operation_id = "change_provider_model")]
    async fn change_model(
        &self,
        app: Data<&App>,
        administrator: Administrator,
        /// The model server.
        provider_id: Path<Uuid>,
        body: Body<ProviderModelChange>,
    ) -> Result<Json<ProviderModel>, Failure> {
        let (model, change) = body.0.apart();
        Ok(Json(app.providers.change_model(&administrator.0, provider_id.0, &model, change).await?.into()))
    }

    /// Takes back what was said of a model
    ///
    /// For administrators. It is offered as its model server says, if that lists it.
    #[oai(path = "/api/providers/:provider_id/models", method = "delete", operation_id = "forget_provider_model")]
    async fn forget_model(
        &self,
        app: Data<&App>,
        administrator: Administrator,
        /// The model server.
        provider_id: Path<Uuid>,
        /// The model, by the name that its server knows it by.
        model: Query<String>,
    ) -> Result<Deleted, Failure> {
        app.providers.forget_model(&administrator.0, provider_id.0, &model.0).await?;
        Ok(Deleted::Gone)
    }
}
