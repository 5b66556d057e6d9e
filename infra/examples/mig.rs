use infra::sql::*;
use std::time::{Duration, Instant};
#[tokio::main(flavor = "current_thread")]
async fn main() {
    for url in std::env::args().skip(1) {
        let t = Instant::now();
        let o = DatabaseOptions { url, connections: 2, patience: Duration::from_secs(5), migrate: Migrate::Yes };
        match Database::open(&o).await {
            Ok(d) => {
                println!("{:?} {:?}", d.engine(), t.elapsed());
            }
            Err(e) => println!("{e} {:?} {e:?}", t.elapsed()),
        }
        let o = DatabaseOptions { migrate: Migrate::No, ..o };
        let t = Instant::now();
        println!("{:?} {:?}", Database::open(&o).await.map(|_| ()), t.elapsed());
    }
}
