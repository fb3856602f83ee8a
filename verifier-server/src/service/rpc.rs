//! Last step: the methods of the service, each handed to the file that answers it.

use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

use super::entry::Entry;
use super::proto::verifier_server::Verifier;
use super::state::Service;
use super::verify::DEFAULT_KERNEL;
use super::{proto, stream};
use crate::tools;

#[tonic::async_trait]
impl Verifier for Service {
    async fn verify(&self, request: Request<proto::VerifyRequest>) -> Result<Response<proto::VerifyResponse>, Status> {
        let entry = Entry::of(&request)?;
        self.verify_once(&entry, request.into_inner()).await.map(Response::new)
    }

    type VerifyStreamStream = stream::Events;

    async fn verify_stream(
        &self,
        request: Request<proto::VerifyStreamRequest>,
    ) -> Result<Response<stream::Events>, Status> {
        let entry = Entry::of(&request)?;
        self.verify_events(entry, request.into_inner()).map(Response::new)
    }

    async fn explain(
        &self,
        request: Request<proto::ExplainRequest>,
    ) -> Result<Response<proto::ExplainResponse>, Status> {
        let entry = Entry::of(&request)?;
        self.explanations(&entry, request.into_inner()).await.map(Response::new)
    }

    async fn disassemble(
        &self,
        request: Request<proto::DisassembleRequest>,
    ) -> Result<Response<proto::DisassembleResponse>, Status> {
        let entry = Entry::of(&request)?;
        self.listings(&entry, request.into_inner()).await.map(Response::new)
    }

    async fn control_flow_graph(
        &self,
        request: Request<proto::ControlFlowGraphRequest>,
    ) -> Result<Response<proto::ControlFlowGraphResponse>, Status> {
        let entry = Entry::of(&request)?;
        self.graphs(&entry, request.into_inner()).await.map(Response::new)
    }

    type WatchStream = ReceiverStream<Result<proto::WatchResponse, Status>>;

    async fn watch(
        &self,
        request: Request<Streaming<proto::WatchRequest>>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let entry = Entry::of(&request)?;
        Ok(Response::new(self.follow(entry, request.into_inner())))
    }

    async fn solve(&self, request: Request<proto::SolveRequest>) -> Result<Response<proto::SolveResponse>, Status> {
        let entry = Entry::of(&request)?;
        self.solutions(&entry, request.into_inner()).await.map(Response::new)
    }

    async fn list_kernels(
        &self,
        _: Request<proto::ListKernelsRequest>,
    ) -> Result<Response<proto::ListKernelsResponse>, Status> {
        let kernels = self.systems.iter().map(|s| {
            let agreement = tools::agreement(s.kernel.name).into_iter().map(|a| proto::Agreement {
                set: a.set,
                programs: a.programs,
                same_verdict: a.same_verdict,
                wrongly_accepted: a.wrongly_accepted,
                unsupported: a.unsupported,
                log_identical: a.log_identical,
            });
            proto::Kernel {
                name: s.kernel.name.to_string(),
                release: s.kernel.release.to_string(),
                agreement: agreement.collect(),
                is_default: s.kernel.name == DEFAULT_KERNEL,
            }
        });
        Ok(Response::new(proto::ListKernelsResponse { kernels: kernels.collect() }))
    }
}
