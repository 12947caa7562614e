import { lazy, Suspense } from "react";
import { Route, Routes } from "react-router";
import { Waiting } from "../ui/Waiting";
import { OfflineBanner } from "./OfflineBanner";
import { RequireSession, SessionRoot } from "./Session";

const SignIn = lazy(() => import("../screens/SignIn"));
const Home = lazy(() => import("../screens/Home"));
const SignUp = lazy(() => import("../screens/SignUp"));
const Verify = lazy(() => import("../screens/Verify"));
const ForgotPassword = lazy(() => import("../screens/ForgotPassword"));
const ResetPassword = lazy(() => import("../screens/ResetPassword"));
const RecoveryKey = lazy(() => import("../screens/RecoveryKey"));
const Settings = lazy(() => import("../settings/Settings"));
const NotFound = lazy(() => import("../screens/NotFound"));

export function App() {
  return (
    <SessionRoot>
      <OfflineBanner />
      <Suspense fallback={<Waiting />}>
        <Routes>
          <Route path="/sign-in" element={<SignIn />} />
          <Route path="/sign-up" element={<SignUp />} />
          <Route path="/verify" element={<Verify />} />
          <Route path="/forgot-password" element={<ForgotPassword />} />
          <Route path="/reset-password" element={<ResetPassword />} />
          <Route path="/recovery-key" element={<RecoveryKey />} />
          <Route element={<RequireSession />}>
            <Route path="/" element={<Home />} />
            <Route path="/with/:personId" element={<Home />} />
            <Route path="/settings" element={<Settings />} />
          </Route>
          <Route path="*" element={<NotFound />} />
        </Routes>
      </Suspense>
    </SessionRoot>
  );
}
